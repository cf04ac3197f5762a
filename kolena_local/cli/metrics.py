"""Print tables of metrics of test cases and test suites, with one column per metric."""

from __future__ import annotations

from typing import Any

from kolena_local.cli.output.formats import Entry, flat
from kolena_local.cli.output.printing import print_heading, print_table


def print_single_values(cases: list[Entry]) -> None:
    """Print the test case metrics that are single values."""
    _print([(case, case["metrics"]) for case in cases])


def print_all(cases: list[Entry], suites: list[Entry]) -> None:
    """Print the metrics of test cases and of the test suite, each with nested metrics below."""
    _print_level(cases, "metrics by test case", "{}")
    _print_level(suites, "metrics of the test suite", "{} of the test suite")


def _print_level(entries: list[Entry], heading: str, heading_of_nested: str) -> None:
    if entries:
        print_heading(heading)
        _print([(entry, flat(entry["metrics"])) for entry in entries])
    for name, rows in _nested(entries).items():
        print_heading(heading_of_nested.format(name))
        _print([(entry, flat(values)) for entry, values in rows])


def _nested(entries: list[Entry]) -> dict[str, list[tuple[Entry, dict[str, Any]]]]:
    """Return metrics that are lists of objects, such as metrics by class."""
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
    labels = {"test case": "test_case", "configuration": "configuration", "samples": "sample_count"}
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
