"""Checks of the arguments of comparisons, rankings and searches, before anything is read."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from kolena_local.comparison.statistics.correction import HOLM, check_correction
from kolena_local.comparison.statistics.estimate import Settings
from kolena_local.errors import InputValidationError
from kolena_local.flags import check_bool
from kolena_local.real_numbers import as_float

_FEWEST_RESAMPLES, _MOST_RESAMPLES = 100, 10_000_000
_FEWEST_SAMPLES, _MOST_BUCKETS = 10, 100


def check_settings(confidence: Any, correction: Any = HOLM, seed: Any = 0) -> Settings:
    """Return the settings of a comparison as Python numbers.

    Args:
        confidence: the level of the confidence intervals, at least 0.5 and below 1.
        correction: the name of the correction for multiple comparisons.
        seed: the seed of random numbers.

    Raises:
        InputValidationError: one of them is out of range, is not a number, or is not a correction.
    """
    level = as_float(confidence)
    if level is None or not 0.5 <= level < 1:
        raise InputValidationError(
            f"confidence must be between 0.5 and 1, such as 0.95, not {confidence!r:.80}."
        )
    if not _is_whole(seed) or seed < 0:
        raise InputValidationError(f"seed must be an integer of at least 0, not {seed!r:.80}.")
    return Settings(level, check_correction(correction), int(seed))


def check_resamples(resamples: Any) -> None:
    """Check the number of resamples, which has no effect.

    Raises:
        InputValidationError: it is not an integer from 100 to 10,000,000.
    """
    if not _is_whole(resamples) or resamples < _FEWEST_RESAMPLES:
        raise InputValidationError(
            f"resamples must be an integer of at least {_FEWEST_RESAMPLES}, such as 2000, not"
            f" {resamples!r:.80}."
        )
    if resamples > _MOST_RESAMPLES:
        raise InputValidationError(f"resamples must be at most {_MOST_RESAMPLES:,}.")


def check_metrics(metrics: Any, what: str = "metrics", one: str | None = None) -> list[str] | None:
    """Return the names of metrics, or of something else, as a list; None as None.

    Raises:
        InputValidationError: it is neither a name nor a list of names.
    """
    if metrics is None:
        return None
    names = [metrics] if isinstance(metrics, str) else metrics
    try:
        names = list(names)
    except TypeError:  # an array without dimensions is iterable by its class
        names = [names]
    for name in names:
        if not isinstance(name, str):
            raise InputValidationError(
                f"{what} must be the name of a {one or what[:-1]} or a list of names, not"
                f" {metrics!r:.80}."
            )
    return names


def check_search(min_samples: Any, buckets: Any, higher_is_better: Any) -> tuple[int, int]:
    """Return the other arguments of a search for slices, as Python numbers.

    Raises:
        InputValidationError: one of them is out of range or of another type.
    """
    if not _is_whole(min_samples) or min_samples < _FEWEST_SAMPLES:
        raise InputValidationError(
            f"min_samples must be an integer of at least {_FEWEST_SAMPLES}, not"
            f" {min_samples!r:.80}."
        )
    if not _is_whole(buckets) or not 2 <= buckets <= _MOST_BUCKETS:
        raise InputValidationError(
            f"buckets must be an integer from 2 to {_MOST_BUCKETS}, not {buckets!r:.80}."
        )
    check_direction(higher_is_better)
    return int(min_samples), int(buckets)


def check_direction(higher_is_better: Any) -> None:
    """Check whether higher values of one metric are better.

    Raises:
        InputValidationError: it is not True, False or None.
    """
    if higher_is_better is not None:
        check_bool(higher_is_better, "higher_is_better")


def check_name(name: Any, what: str) -> None:
    """Check the name of a metric or test case.

    Raises:
        InputValidationError: it is neither text nor None.
    """
    if name is not None and not isinstance(name, str):
        raise InputValidationError(
            f"{what} must be the name of a {what.replace('_', ' ')}, not {name!r:.80}."
        )


def check_cluster(cluster: Any) -> str | None:
    """Return the name of the metadata field to cluster by, None as None.

    Raises:
        InputValidationError: it is not text.
    """
    if cluster is not None and not isinstance(cluster, str):
        raise InputValidationError(
            f"cluster must be the name of a field of the samples' metadata, not {cluster!r:.80}."
        )
    return cluster


def check_runs(runs: Any) -> tuple[int, int] | None:
    """Return the ids of the two runs to compare, None as None.

    Raises:
        InputValidationError: they are not two integers.
    """
    if runs is None:
        return None
    if not isinstance(runs, (list, tuple)) or len(runs) != 2 or not all(map(_is_whole, runs)):
        raise InputValidationError(
            "runs must be the ids of two runs, that of the base first, such as (3, 7), not"
            f" {runs!r:.80}."
        )
    return int(runs[0]), int(runs[1])


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
