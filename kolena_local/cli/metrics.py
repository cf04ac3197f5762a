"""Tables of metrics: of test cases and test suites, one column a metric."""

from __future__ import annotations

from typing import Any

from kolena_local.cli.formats import Entry, flat
from kolena_local.cli.output import print_heading, print_table


def print_single_values(cases: list[Entry]) -> None:
    """Print the metrics of test cases that are single values."""
    _print([(case, case["metrics"]) for case in cases])


def print_all(cases: list[Entry], suites: list[Entry]) -> None:
    """Print all metrics: those of test cases, nested ones below, and those of the test suite."""
    if cases:
        print_heading("metrics by test case")
        _print([(case, flat(case["metrics"])) for case in cases])
    for name, rows in _nested(cases).items():
        print_heading(name)
        _print([(case, flat(values)) for case, values in rows])
    if suites:
        print_heading("metrics of the test suite")
        _print([(suite, flat(suite["metrics"])) for suite in suites])
    for name, rows in _nested(suites).items():
        print_heading(f"{name} of the test suite")
        _print([(suite, flat(values)) for suite, values in rows])


def _nested(entries: list[Entry]) -> dict[str, list[tuple[Entry, dict[str, Any]]]]:
    """Return the metrics that are lists of objects, such as metrics by class."""
    found: dict[str, list[tuple[Entry, dict[str, Any]]]] = {}
    for entry in entries:
        for name, value in flat(entry["metrics"]).items():
            if _is_nested(value):
                found.setdefault(name, []).extend((entry, item) for item in value)
    return found


def _is_nested(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _print(rows: list[tuple[Entry, dict[str, Any]]]) -> None:
    names = dict.fromkeys(
        name
        for _, metrics in rows
        for name, value in metrics.items()
        if not isinstance(value, (dict, list))
    )
    labels = {
        "test case": "test_case",
        "configuration": "configuration",
        "samples": "sample_count",
    }
    shown = {
        header: key for header, key in labels.items() if any(entry.get(key) for entry, _ in rows)
    }
    print_table(
        [*shown, *names],
        [
            [*(entry[key] for key in shown.values()), *(metrics.get(name) for name in names)]
            for entry, metrics in rows
        ],
    )
