"""A quality standard: which metrics of a dataset matter, and in which of its parts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from kolena_local.dataset.quality_standard import wire
from kolena_local.dataset.quality_standard.metrics import Metric
from kolena_local.dataset.quality_standard.stratification import Stratification, refuse_repeated
from kolena_local.dataset.quality_standard.strict import CONFIG, Name, Strict, first_problem
from kolena_local.errors import InputValidationError


@dataclass(frozen=True, config=CONFIG)
class MetricGroup(Strict):
    """Metrics that belong together; their labels are unique in the group."""

    name: Name
    metrics: list[Metric]

    def __post_init__(self) -> None:
        refuse_repeated("metric", [metric.label for metric in self.metrics], self.name)


@dataclass(frozen=True, config=CONFIG)
class QualityStandard(Strict):
    """Which metrics of a dataset matter, and in which of its parts.

    Attributes:
        name: what people call it.
        stratifications: divisions of the dataset into test cases, with unique names.
        metric_groups: the metrics, in groups with unique names.
        version: of its JSON form.

    Raises:
        pydantic.ValidationError: a part is not what it must be. It is a ``ValueError``.
    """

    name: Name
    stratifications: list[Stratification] = Field(default_factory=list)
    metric_groups: list[MetricGroup] = Field(default_factory=list)
    version: str = "1.0"

    def __post_init__(self) -> None:
        names = [stratification.name for stratification in self.stratifications]
        refuse_repeated("stratification", names, self.name)
        refuse_repeated("metric group", [group.name for group in self.metric_groups], self.name)

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> QualityStandard:
        """Return the standard that a dict of Kolena's JSON form describes.

        Args:
            payload: the dict; it is not changed.

        Returns:
            The standard.

        Raises:
            InputValidationError: it does not describe one; the message says where and why.
        """
        return _validated(wire.flattened(payload), "The quality standard cannot be used")

    def to_json(self) -> dict[str, Any]:
        """Return the standard as a dict of Kolena's JSON form."""
        return wire.nested(_ADAPTER.dump_python(self, mode="json"))


_ADAPTER = TypeAdapter(QualityStandard)


def read_quality_standard(path: str | Path) -> QualityStandard:
    """Read a quality standard from a file such as ``quality-standard.toml``.

    Args:
        path: the file: TOML with the attributes of the classes of this package as keys, or with the
            suffix .json Kolena's JSON form.

    Returns:
        The standard.

    Raises:
        InputValidationError: the file cannot be read, is not TOML (or JSON), or does not describe a
            quality standard; the message says where and why.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    is_json = Path(path).suffix.lower() == ".json"
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        content = json.loads(text) if is_json else tomllib.loads(text)
    except OSError as error:
        raise InputValidationError(f"'{path}' cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, or not of the format
        kind = "JSON" if is_json else "TOML"
        raise InputValidationError(f"'{path}' is not a {kind} file: {error}.") from error
    if is_json and isinstance(content, dict):
        content = wire.flattened(content)
    return _validated(content, f"'{path}' is not a quality standard")


def _validated(content: object, failure: str) -> QualityStandard:
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        raise InputValidationError(f"{failure}: {first_problem(error, content)}") from None
