"""The results of models on a version of a test suite: as a DataFrame and as a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kolena_local import repository
from kolena_local.errors import InputValidationError
from kolena_local.execution.progress import progress_bar
from kolena_local.workflow.arguments import check_flag
from kolena_local.workflow.entity import check_models, current_name
from kolena_local.workflow.slicing import Sliceable

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.view.report import Report
    from kolena_local.workflow.model import Model


class SuiteResults(Sliceable):
    """The base of :class:`TestSuite` that has what is done with the results of models."""

    def results_dataframe(self, models: Iterable[Model | str] | None = None) -> pd.DataFrame:
        """Return the metrics of models on this version of the test suite.

        Args:
            models: models or their names; None means all that were tested on it.

        Returns:
            A DataFrame with a row for each number (bools are 0 or 1) and the columns test_case,
            model, evaluator, configuration, metric, value and is_stale. Values are floats; integers
            that a float would round stay integers, in a column of objects. The test case is NA for
            metrics of the whole test suite. Nested metrics have names such as ``by_class.cat``,
            ``recall[0]`` or ``PerClass[cat].F1``, if ``cat`` is the first text of an object in the
            list and no other has it. Whether a metric is stale, because the data that it was
            computed from has changed since, is NA if it is not known.

        Raises:
            NotFoundError: a model is not in the store, or was never tested on this version.
            IncorrectUsageError: a model is in another store.
            InputValidationError: ``models`` is not a list of models or names.
        """
        from kolena_local.frames import store_frames

        wanted = None if models is None else check_models(self, models)
        with self._store().read() as unit:
            suite = current_name(unit, self)
            if wanted is None:
                runs = unit.test_runs.list(test_suite=suite)[::-1]
            else:
                names = [unit.models.get(current_name(unit, model)).name for model in wanted]
                runs = [
                    run
                    for name in names
                    for run in unit.test_runs.latest(name, suite, self.version)
                ]
            return store_frames.of_results(
                unit, [run for run in runs if run.test_suite_version == self.version]
            )

    def report(
        self,
        models: Iterable[Model | str] | None = None,
        *,
        base: Model | str | None = None,
        worst: int = 10,
        dated: bool = False,
    ) -> Report:
        """Make a report of how models did on this version of the test suite.

        It has what was tested, the models with their metadata side by side, their metrics and
        plots, verdicts on each model against the base, the samples that got worse, and what is
        stale or missing. It needs the extra: ``pip install 'kolena-local[view]'``.

        Args:
            models: models or their names; None means all that have results, by name, up to ten.
            base: the model that the others are compared with; None means the first.
            worst: list at most so many samples that got worse, for each metric.
            dated: whether to say when the report and the results were made. Without, equal stores
                have equal reports.

        Returns:
            The report: ``save(path)`` writes one HTML file, ``html`` is its text.

        Raises:
            NotFoundError: a model is not in the store, or none has results on this version.
            WorkflowMismatchError: a model belongs to another workflow.
            IncorrectUsageError: a model is in another store.
            InputValidationError: ``base`` is not one of the models, or an argument is invalid.
            MissingExtraError: the extra is not installed.
        """
        # Late, because it needs the extra.
        from kolena_local.view import report as view

        wanted = [] if models is None else check_models(self, models)
        based = [] if base is None else check_models(self, [base], "base must be a model")
        if isinstance(worst, bool) or not isinstance(worst, int) or worst < 0:
            raise InputValidationError(f"worst must be a number of samples, not {worst!r:.80}.")
        with self._store().read() as unit:
            name = current_name(unit, self)
            names, bases = ([current_name(unit, one) for one in some] for some in (wanted, based))
        return view.report(
            repository.open_store(self._location, create=False),
            name,
            names,
            version=self.version,
            base=bases[0] if bases else None,
            worst=worst,
            dated=check_flag(dated, "dated"),
            progress=_progress,
        )


@contextmanager
def _progress(total: int, what: str) -> Iterator[Callable[[int], object]]:
    with progress_bar(total, what) as advance:
        yield lambda _: advance()
