"""What test runs have left in the store, for the tests of ``test``."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from kolena_local.payload import loads
from kolena_local.repository import open_store


def runs() -> List[Any]:
    """Return the runs of the store, oldest first."""
    with open_store().read() as unit:
        return unit.test_runs.list()[::-1]


def status() -> str:
    """Return the only run's status."""
    (run,) = runs()
    return str(run.status)


def case_metrics(run: int = 0) -> Dict[Tuple[Any, str], Any]:
    """Return metrics by the configuration's display name and the test case's."""
    with open_store().read() as unit:
        found = unit.test_runs.case_metrics(runs()[run].id)
    return {(it.configuration, it.test_case): it.metrics for it in found}


def suite_metrics() -> Dict[Any, Any]:
    with open_store().read() as unit:
        found = unit.test_runs.suite_metrics(runs()[0].id)
    return {it.configuration: it.metrics for it in found}


def sample_metrics() -> List[Any]:
    with open_store().read() as unit:
        found = list(unit.test_runs.sample_metrics(runs()[0].id))
    return [(it.configuration, it.test_case, loads(it.metrics)) for it in found]


def plots() -> List[Any]:
    with open_store().read() as unit:
        found = unit.test_runs.plots(runs()[0].id)
    return [(it.configuration, it.test_case, it.position, it.payload) for it in found]


def nothing_was_evaluated() -> bool:
    return not (case_metrics() or suite_metrics() or sample_metrics() or plots())
