"""How difficult each sample is for several models: what nobody gets, and what one alone gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kolena_local.comparison import report
from kolena_local.comparison.candidates import Candidates, Wanted, read_candidates
from kolena_local.comparison.dataframe import dataframe_of
from kolena_local.comparison.scores import SampleDetails, sample_ids_of
from kolena_local.comparison.statistics.pairs import Ids
from kolena_local.payload import loads
from kolena_local.plurals import counted
from kolena_local.repository.records import HeldRow

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.repository import Unit
    from kolena_local.workflow import Evaluator, EvaluatorConfiguration, Model, TestSuite

#: A store may have a million samples; so many are shown where nobody asked for a number.
_SHOWN: Final = 10
_COLUMNS: Final = ("rank", "test_sample_id", "locator", "models", "mean", "right", "only_right")


def difficulty(
    test_suite: str | TestSuite,
    metric: str | None = None,
    models: Sequence[str | Model] | None = None,
    *,
    test_case: str | None = None,
    evaluator: str | Evaluator | Any | None = None,
    configuration: str | EvaluatorConfiguration | None = None,
    higher_is_better: bool | None = None,
    stale_ok: bool = False,
    different_evaluators_ok: bool = False,
) -> Difficulty:
    """Find out how difficult each sample of a test suite is for several models.

    Models are compared on the samples that all of them have a number for, as by :func:`rank`, whose
    arguments and errors these are.

    Returns:
        The samples, the most difficult first.
    """
    from kolena_local.repository import open_store

    wanted = Wanted(
        models=models,
        test_suite=test_suite,
        metric=metric,
        test_case=test_case,
        evaluator=evaluator,
        configuration=configuration,
        higher_is_better=higher_is_better,
        stale_ok=stale_ok,
        different_evaluators_ok=different_evaluators_ok,
    )
    store = open_store(wanted.location, create=False)
    with store.read() as unit:
        found = read_candidates(unit, wanted, "no sample can be called difficult")
        return difficulty_of(unit, found, test_case, store.location)


@dataclass(frozen=True)
class Difficulty:
    """Samples by how difficult they are for several models, the most difficult first.

    Attributes:
        models: the names of the models.
        metric: the name of the metric.
        boolean: whether it is a bool, which says whether a model is right.
        caveats: sentences about which samples and results these are.
    """

    models: tuple[str, ...]
    metric: str
    boolean: bool
    caveats: tuple[str, ...]
    _columns: dict[str, Any] = field(repr=False, compare=False)
    _locators: Callable[[Sequence[int]], list[str]] = field(repr=False, compare=False)

    def __len__(self) -> int:
        return len(self._columns["rank"])

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of each entry."""
        return _COLUMNS if self.boolean else _COLUMNS[:-2]

    def entries(self, n: int | None = None) -> list[dict[str, Any]]:
        """Return the samples as dictionaries, the most difficult first.

        Args:
            n: at most so many; None for all.
        """
        columns = {name: column[:n].tolist() for name, column in self._columns.items()}
        columns["locator"] = self._locators(columns["test_sample_id"])
        columns["models"] = [len(self.models)] * len(columns["rank"])
        rows = zip(*(columns[key] for key in self.keys), strict=True)
        return [dict(zip(self.keys, row, strict=True)) for row in rows]

    def to_dataframe(self, n: int | None = None) -> pd.DataFrame:
        """Return the samples as a DataFrame, the most difficult first.

        The columns are rank, the same for equally difficult samples; test_sample_id and locator;
        models, the number of models; and mean, the metric's mean over the models. For a bool there
        are also right, the number of models that are right, and only_right, the name of the only
        one if there is one.

        Args:
            n: at most so many samples; None for all.
        """
        return dataframe_of(self.entries(n), self.keys)

    @property
    def title(self) -> str:
        """What these samples are, in one line."""
        what = f"{counted(len(self), 'sample')} by the mean of {self.metric}"
        return f"{what} over {counted(len(self.models), 'model')}, the most difficult first"

    @property
    def counts(self) -> tuple[str, ...]:
        """How many samples nobody gets, all get, and only one model gets, in sentences."""
        if not self.boolean:
            return ()
        right, only = self._columns["right"], self._columns["only_right"]
        sentences = [
            f"No model is right on {counted(int((right == 0).sum()), 'sample')}, and every model"
            f" on {int((right == len(self.models)).sum())}."
        ]
        alone = {name: int((only == name).sum()) for name in self.models}
        if any(alone.values()):
            each = ", ".join(f"'{name}' on {count}" for name, count in alone.items() if count)
            sentences.append(f"Only one model is right: {each}.")
        return tuple(sentences)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The counts, then the caveats."""
        return self.counts + self.caveats

    def table(
        self, entries: Sequence[Mapping[str, Any]]
    ) -> tuple[list[str], list[list[report.Cell]]]:
        """Return the header and the cells of a table of some entries."""
        return [key.replace("_", " ") for key in self.keys], [
            [report.rounded(entry[key], 4) if key == "mean" else entry[key] for key in self.keys]
            for entry in entries
        ]

    def __str__(self) -> str:
        text = report.text(*self.table(self.entries(_SHOWN)))
        return "\n".join([self.title, "", text, "", *self.remarks])

    def __repr__(self) -> str:
        return f"<Difficulty: {self.title}>"

    def _repr_html_(self) -> str:
        return report.html(self.title, self.to_dataframe(_SHOWN), self.remarks)


def difficulty_of(
    unit: Unit, found: Candidates, test_case: str | None, location: str
) -> Difficulty:
    """Return how difficult the samples are that several models have a number for.

    Args:
        unit: a read in progress.
        found: the models and their values.
        test_case: the name of the test case that the samples are of; None for the whole suite.
        location: the location of the store.
    """
    suite, higher = found.test_suite, found.direction.higher_is_better
    values = np.array([column.astype(np.float64) for column in found.columns])
    with np.errstate(over="ignore"):
        means = values.mean(axis=0)
    columns: dict[str, Any] = {"test_sample_id": found.ids, "mean": means}
    keys = means if higher else -means
    if found.boolean:
        is_right = values == float(bool(higher))
        right = is_right.sum(axis=0)
        names = np.array([*found.models, None], dtype=object)
        columns["right"] = right
        columns["only_right"] = names[np.where(right == 1, is_right.argmax(axis=0), len(values))]
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    columns["rank"] = (np.cumsum(counts) - counts + 1)[inverse]
    order = np.lexsort((_places(unit, found, test_case), keys))
    return Difficulty(
        tuple(found.models),
        found.metric,
        found.boolean,
        (*report.directions_of([found.direction]), *found.remarks),
        {name: column[order] for name, column in columns.items()},
        partial(
            _locators,
            location,
            HeldRow("test suite", suite.name, suite.id, suite.uid, suite.version),
        ),
    )


def _places(unit: Unit, found: Candidates, test_case: str | None) -> Ids:
    """Return where each sample is in the test suite, or in the test case."""
    suite = found.test_suite
    if test_case is None:
        ids = np.array(unit.suite_samples.ids(suite.id, suite.version), dtype=np.int64)
    else:
        (case,) = [case for case in suite.test_cases if case.name == test_case]
        ids = sample_ids_of(unit, case)
    by_id = np.argsort(ids)
    return by_id[np.searchsorted(ids, found.ids, sorter=by_id)]


def _locators(location: str, suite: HeldRow, sample_ids: Sequence[int]) -> list[str]:
    from kolena_local.repository import open_store

    with open_store(location, create=False).held([suite]).read() as unit:
        rows = unit.test_samples.rows(sample_ids)
    return [SampleDetails(loads(row.payload), None, None, None).locator for row in rows]
