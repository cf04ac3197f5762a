"""The plots of a test run, as the objects that its evaluator made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolena_local.errors import InputValidationError, NotFoundError
from kolena_local.payload import Json
from kolena_local.plurals import enumerated
from kolena_local.serialization.classes import claimant
from kolena_local.serialization.restore import restore
from kolena_local.warn import warn
from kolena_local.workflow.plot import Plot

if TYPE_CHECKING:
    from kolena_local.workflow.test_run import TestRun


def load_plots(run: TestRun, configuration: str | None) -> dict[str, list[Plot]]:
    """Return what :meth:`TestRun.plots` returns."""
    with run._store().read() as unit:
        known = unit.test_runs.configurations(run._id)
        stored = unit.test_runs.plots(run._id)
    chosen = [one for one in known if configuration in (None, one.display_name)]
    names = enumerated(repr(one.display_name) for one in known) if known else "none"
    if configuration is not None and not chosen:
        raise NotFoundError(
            f"{run!r} has no results of the configuration {configuration!r:.80}; it has results of"
            f" {names}."
        )
    if len(chosen) > 1:
        raise InputValidationError(
            f"{run!r} has results of several configurations: {names}; choose one with"
            " configuration=."
        )
    found: dict[str, list[Plot]] = {}
    for one in stored:
        if [one.configuration] == [it.display_name for it in chosen]:
            found.setdefault(one.test_case, []).append(_restored(one.payload))
    if found and chosen[0].staleness:
        warn(f"The plots of {run!r} are {chosen[0].staleness}; run test() again.")
    return found


def _restored(stored: dict[str, Json]) -> Plot:
    """Restore a plot from what is stored.

    Raises:
        InputValidationError: no class of its data type exists in this process, or it does not fit.
    """
    data_type = stored.get("data_type")
    cls = claimant(data_type)
    if cls is None or not issubclass(cls, Plot):
        raise InputValidationError(
            f"A stored plot has the data type {data_type!r:.80}, which no imported class has;"
            " import the module that defines it first."
        )
    return restore(cls, stored)
