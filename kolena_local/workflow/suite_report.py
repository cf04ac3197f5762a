"""``TestSuite.report``: how models did on a test suite, as one HTML file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kolena_local import repository
from kolena_local.errors import InputValidationError
from kolena_local.execution.progress import progress_bar
from kolena_local.workflow.arguments import check_flag, check_named
from kolena_local.workflow.entity import Entity, check_store, current_name

if TYPE_CHECKING:
    from kolena_local.view.report import Report
    from kolena_local.workflow.model import Model
    from kolena_local.workflow.test_suite import TestSuite


def report(
    test_suite: TestSuite,
    models: Iterable[Model | str] | None,
    base: Model | str | None,
    worst: int,
    dated: bool,
) -> Report:
    """Make the report; the arguments are those of the method."""
    # Late, because it needs the extra.
    from kolena_local.view import report as view

    wanted = [] if models is None else check_named(models, "models must be a list of models")
    based = [] if base is None else check_named([base], "base must be a model")
    for model in [*wanted, *based]:
        if isinstance(model, Entity):
            check_store(f"model {model.name!r}", model, test_suite._location)
    if isinstance(worst, bool) or not isinstance(worst, int) or worst < 0:
        raise InputValidationError(f"worst must be a number of samples, not {worst!r:.80}.")
    with test_suite._store().read() as unit:
        name = current_name(unit, test_suite)
        names, bases = ([current_name(unit, one) for one in some] for some in (wanted, based))
    return view.report(
        repository.open_store(test_suite._location, create=False),
        name,
        names,
        version=test_suite.version,
        base=bases[0] if bases else None,
        worst=worst,
        dated=check_flag(dated, "dated"),
        progress=_progress,
    )


@contextmanager
def _progress(total: int, what: str) -> Iterator[Callable[[int], object]]:
    with progress_bar(total, what) as advance:
        yield lambda _: advance()
