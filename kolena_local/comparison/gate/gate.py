"""A gate: which model is judged, against which one, by which metrics and margins.

The file is read strictly. A key that nobody reads would be a condition that nobody checks.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kolena_local.comparison.gate.toml_text import toml_key
from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    from kolena_local.comparison.gate.judgment import Judgment
    from kolena_local.workflow import Model

FAIL, UNDECIDED, IGNORE = "fail", "undecided", "ignore"
SUITE, TEST_CASE = "suite", "test case"
_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclass(frozen=True)
class Margin:
    """How much worse a metric may be.

    Attributes:
        margin: the largest loss that passes, in the metric's own unit; at least 0.
        direction: ``higher`` or ``lower``, whichever is better; None if that is declared where the
            metric is defined, or clear from its name.
        min_samples: as in :class:`Gate`, for this metric; None means that of the gate.
    """

    margin: float
    direction: str | None = None
    min_samples: int | None = None


@dataclass(frozen=True)
class Gate:
    """What a candidate must show to pass.

    Attributes:
        suite: the name of the test suite; ``name@3`` pins version 3.
        baseline: the name of the model that the candidate is compared with.
        metrics: for each metric by name, how much worse it may be.
        candidate: the name of the model that is judged; None if it is given to :meth:`judge`.
        evaluator: the name of the evaluator whose results are compared; None if there is only one.
        configuration: the display name of the configuration, likewise.
        confidence: the level of the confidence intervals.
        cluster: a metadata field whose equal values mark samples that belong together.
        per: ``test case`` judges each test case and the whole suite, ``suite`` the whole suite.
        min_samples: with fewer samples than that, a row is undecided.
        missing: what samples without a result or with NaN do to their row: ``fail``, ``undecided``
            or ``ignore``.
        stale: what stale results and those of unknown age do to all rows, likewise.
    """

    suite: str
    baseline: str
    metrics: Mapping[str, Margin]
    candidate: str | None = None
    evaluator: str | None = None
    configuration: str | None = None
    confidence: float = 0.95
    cluster: str | None = None
    per: str = TEST_CASE
    min_samples: int = 30
    missing: str = FAIL
    stale: str = FAIL

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            InputValidationError: one of them cannot be used.
        """
        _check({"gate": {}, "metrics": self.metrics}, _IN_FILE, "the gate")
        for name, margin in self.metrics.items():
            if not isinstance(name, str):
                raise InputValidationError(
                    f"The name of a metric must be a string, not {name!r:.80}."
                )
            if not isinstance(margin, Margin):
                raise InputValidationError(
                    f"'{name}' in [metrics] must be a table, {_table_of(name)} with margin = 0.01,"
                    f" not {margin!r:.80}."
                )
            _check(_given(vars(margin)), _OF_METRIC, _table_of(name))
        may_be_none = {field.name for field in fields(self) if field.default is None}
        values = {
            name: value
            for name, value in vars(self).items()
            if name != "metrics" and (value is not None or name not in may_be_none)
        }
        _check(values, _OF_GATE, "[gate]")

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Gate:
        """Read a gate from a TOML file.

        Args:
            path: the path of the file.

        Raises:
            InputValidationError: the file cannot be read, is not TOML, or does not describe a gate;
                the message names the key.
        """
        if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
            raise InputValidationError(f"A gate is read from the path of a file, not {path!r:.80}.")
        try:
            return _gate(_parsed(path))
        except InputValidationError as error:
            raise InputValidationError(f"{os.fspath(path)}: {error}") from error

    def judge(self, candidate: str | Model | None = None) -> Judgment:
        """Compare the candidate with the baseline, and decide whether it passes.

        Args:
            candidate: the model or its name; None means that of the file.

        Returns:
            The judgment, with a row for each metric in each test case and over the whole suite.

        Raises:
            InputValidationError: no candidate is given, it is the baseline, or a metric is unknown
                or has no direction.
            NotFoundError: a model or the test suite is not in the store, or has no results.
            IncorrectUsageError: the models' results cannot be compared.
        """
        # Late, because it imports this module.
        from kolena_local.comparison.gate.judgment import judge

        return judge(self, candidate)


class _Key(NamedTuple):
    """What a key takes, and in words."""

    accepts: Callable[[Any], bool]
    words: str
    is_required: bool = False


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)  # '' is what has no name


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _one_of(*choices: str) -> _Key:
    return _Key(
        lambda value: _is_text(value) and value in choices,
        " or ".join(f'"{one}"' for one in choices),
    )


_MIN_SAMPLES = _Key(
    lambda value: type(value) is int and value >= 1, "an integer of at least 1, such as 100"
)
_CONSEQUENCE = _one_of(FAIL, UNDECIDED, IGNORE)
_OF_GATE: Final = {
    "suite": _Key(_is_name, 'the name of one test suite, such as "animals@3"', True),
    "baseline": _Key(_is_name, "the name of one model", True),
    "candidate": _Key(_is_name, "the name of one model"),
    "evaluator": _Key(_is_text, "the name of one evaluator"),
    "configuration": _Key(_is_text, "the display name of one configuration"),
    "confidence": _Key(
        lambda value: _is_number(value) and 0.5 <= value < 1,
        "a number from 0.5 to below 1, such as 0.95",
    ),
    "cluster": _Key(_is_name, "the name of a field of the samples' metadata"),
    "per": _one_of(SUITE, TEST_CASE),
    "min_samples": _MIN_SAMPLES,
    "missing": _CONSEQUENCE,
    "stale": _CONSEQUENCE,
}
_OF_METRIC: Final = {
    "margin": _Key(
        lambda value: _is_number(value) and 0 <= value <= sys.float_info.max,
        "a number of at least 0, such as 0.01",
        True,
    ),
    "direction": _one_of("higher", "lower"),
    "min_samples": _MIN_SAMPLES,
}
_IN_FILE: Final = {
    "gate": _Key(lambda value: isinstance(value, dict), "a table, which begins with [gate]", True),
    "metrics": _Key(
        lambda value: isinstance(value, Mapping) and bool(value),
        "one or more tables such as [metrics.accuracy] with margin = 0.01",
        True,
    ),
}


def _parsed(path: str | os.PathLike[str]) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        # Some editors on Windows begin a file with a byte order mark.
        text = Path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputValidationError("The file is not text in UTF-8, as TOML is.") from error
    except (OSError, ValueError) as error:  # a ValueError is a path with a NUL
        reason = getattr(error, "strerror", None) or error
        raise InputValidationError(
            f"The file cannot be read ({reason}); `kolena-local gate init` writes one."
        ) from error
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = _LINE.search(str(error))
        line = f": {text.split(chr(10))[int(found[1]) - 1].strip():.80}" if found else "."
        raise InputValidationError(f"The file is not TOML: {error}{line}") from error


def _gate(content: dict[str, Any]) -> Gate:
    for key in content:
        if key in _OF_GATE:
            raise InputValidationError(f"'{key}' belongs below the line [gate].")
    _check(content, _IN_FILE, "the file")
    gate, metrics = content["gate"], content["metrics"]
    _check(gate, _OF_GATE, "[gate]")
    for name, table in metrics.items():
        if isinstance(table, dict):
            _check(table, _OF_METRIC, _table_of(name))
    margins = {
        name: Margin(**table) if isinstance(table, dict) else table
        for name, table in metrics.items()
    }
    return Gate(**gate, metrics=margins)


def _table_of(metric: str) -> str:
    return f"[metrics.{toml_key(metric)}]"


def _check(values: Mapping[str, Any], known: Mapping[str, _Key], where: str) -> None:
    for name, value in values.items():
        if name not in known:
            near = get_close_matches(name.lower().replace("-", "_"), known, n=1)
            advice = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}."
            if isinstance(value, dict) and known is _OF_METRIC:
                advice = 'write a metric with a dot in its name in quotes: [metrics."a.b"].'
            raise InputValidationError(f"'{name}' in {where} is not known; {advice}")
        if not known[name].accepts(value):
            raise InputValidationError(
                f"'{name}' in {where} must be {known[name].words}, not {value!r:.80}."
            )
    for name, key in known.items():
        if key.is_required and name not in values:
            raise InputValidationError(f"'{name}' is missing in {where}; it is {key.words}.")


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
