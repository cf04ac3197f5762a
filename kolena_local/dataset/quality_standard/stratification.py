"""How a quality standard divides a dataset into test cases: by values, by buckets, by filters."""

from __future__ import annotations

import math
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator
from pydantic.dataclasses import dataclass

from kolena_local.dataset.quality_standard.metrics import Source
from kolena_local.dataset.quality_standard.strict import (
    CONFIG,
    Name,
    Number,
    Scalar,
    Strict,
    Value,
    Whole,
)


@dataclass(frozen=True, config=CONFIG)
class Buckets(Strict):
    """A number of buckets: with equally many values (as pandas.qcut) or equally wide (pandas.cut).

    A value beyond the outer edges is in the outer bucket.
    """

    count: Annotated[Whole, Field(ge=1, le=100)] = 4
    type: Literal["equal-height", "equal-width"] = "equal-height"


@dataclass(frozen=True, config=CONFIG)
class StratifyField(Strict):
    """A field whose values, or buckets of values, divide the dataset.

    Attributes:
        field: a column or a path into it.
        source: whether it is of the dataset or of the results of each model.
        values: the values that count; without them and without buckets, all that occur.
        buckets: edges, of intervals that have their upper edge and the first also its lower edge
            as in ``pandas.cut(include_lowest=True)``; or how many buckets.
    """

    field: Name
    source: Source = "datapoint"
    values: list[Scalar] | None = None
    buckets: (
        Annotated[
            Annotated[Annotated[list[Number], Field(min_length=1, max_length=100)], Tag("edges")]
            | Annotated[Buckets, Tag("count")],
            Discriminator(lambda given: "edges" if isinstance(given, (list, tuple)) else "count"),
        ]
        | None
    ) = None

    @field_validator("buckets")
    @classmethod
    def _edges_ascend(cls, buckets: Any) -> Any:
        if isinstance(buckets, list) and not all(map(math.isfinite, buckets)):
            raise ValueError("the edges of buckets must be finite numbers.")
        if isinstance(buckets, list) and sorted(set(buckets)) != buckets:
            one_value = len(buckets) == 2 and buckets[0] == buckets[1]
            if not one_value:
                raise ValueError("the edges of buckets must ascend.")
        return buckets

    def __post_init__(self) -> None:
        if self.values is not None and self.buckets is not None:
            raise ValueError(f"the field '{self.field}' has values or buckets, not both.")
        found = Counter((isinstance(value, bool), value) for value in self.values or ())
        for (_, value), times in found.items():
            if times > 1:
                raise ValueError(f"the field '{self.field}' has the value {value!r} twice.")

    def path(self) -> str:
        """Return the field with its source in front."""
        return f"{self.source}.{self.field.removeprefix(f'{self.source}.')}"


@dataclass(frozen=True, config=CONFIG)
class Range(Strict):
    """Numbers above ``min``, up to ``max``; the lowest range also has its ``min``."""

    min: Number | None = None
    max: Number | None = None

    def __post_init__(self) -> None:
        low, high = self.min, self.max
        if low is None and high is None:
            raise ValueError("a range needs min, max, or both.")
        if low is not None and high is not None and low > high:
            raise ValueError(f"min of a range must not exceed max, and {low:g} exceeds {high:g}.")


@dataclass(frozen=True, config=CONFIG)
class Part(Strict):
    """What a test case takes of a stratify field: a value, a range, or the bucket with an index."""

    value: Annotated[
        Annotated[Range, Tag("range")] | Annotated[Scalar, Tag("scalar")],
        Discriminator(lambda given: "range" if isinstance(given, (dict, Range)) else "scalar"),
    ] = None
    index: Annotated[Whole, Field(ge=0)] | None = None

    def __post_init__(self) -> None:
        if self.index is not None and self.value is not None:
            raise ValueError("a part of a test case has a value or an index, not both.")


@dataclass(frozen=True, config=CONFIG)
class TestCase(Strict):
    """A named part of a dataset: one part for each stratify field, all of which must hold."""

    __test__ = False

    name: Name
    stratification: list[Part] = Field(default_factory=list)


@dataclass(frozen=True, config=CONFIG)
class FieldFilter(Strict):
    """A condition on a field of datapoints: one of some values, or null, or either."""

    value_in: list[Value] | None = None
    null_value: Literal[True] | None = None

    def __post_init__(self) -> None:
        if self.value_in is None and self.null_value is None:
            raise ValueError("a filter needs value_in, null_value, or both.")


@dataclass(frozen=True, config=CONFIG)
class Stratification(Strict):
    """A division of the datapoints that the filters leave.

    Attributes:
        name: unique in its quality standard.
        stratify_fields: what divides; with several fields, all their combinations.
        test_cases: the parts, with names; without them, all parts, named by their values.
        filters: conditions by field of a datapoint, all of which must hold.
    """

    name: Name
    stratify_fields: list[StratifyField] = Field(default_factory=list)
    test_cases: list[TestCase] = Field(default_factory=list)
    filters: dict[str, FieldFilter] | None = None

    def __post_init__(self) -> None:
        if self.name == "Dataset":
            raise ValueError(
                "a stratification must not be named 'Dataset', as the whole dataset is."
            )
        if not self.stratify_fields and not self.filters:
            raise ValueError(
                f"the stratification '{self.name}' needs stratify_fields, filters, or both."
            )
        refuse_repeated("test case", [case.name for case in self.test_cases], self.name)
        for case in self.test_cases:
            if len(case.stratification) != len(self.stratify_fields):
                raise ValueError(
                    f"the test case '{case.name}' has {len(case.stratification)} parts for"
                    f" {len(self.stratify_fields)} stratify_fields; it needs one for each."
                )
            for part, field in zip(case.stratification, self.stratify_fields, strict=True):
                if part.index is not None and part.index >= _number_of_buckets(field):
                    raise ValueError(
                        f"the test case '{case.name}' has the index {part.index}, and the field"
                        f" '{field.field}' has {_number_of_buckets(field)} buckets; the first is 0."
                    )

    def conditions(self) -> dict[str, FieldFilter]:
        """Return the filters, by fields with their source in front."""
        filters = self.filters or {}
        return {f"datapoint.{name.removeprefix('datapoint.')}": filters[name] for name in filters}


def refuse_repeated(what: str, names: list[str], where: str) -> None:
    """Raise a ``ValueError`` if a name occurs twice."""
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise ValueError(f"there are two {what}s '{repeated}' in '{where}'; rename one of them.")


def _number_of_buckets(field: StratifyField) -> int:
    if isinstance(field.buckets, Buckets):
        return field.buckets.count
    # One edge makes two buckets, below and above.
    return 2 if field.buckets and len(field.buckets) == 1 else len(field.buckets or [0]) - 1
