"""Checks of what ``compare`` is given, before anything is read. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from kolena_local.comparison.statistics.correction import check_correction
from kolena_local.comparison.statistics.estimate import Settings
from kolena_local.errors import InputValidationError

_FEWEST_RESAMPLES, _MOST_RESAMPLES = 100, 10_000_000


def check_settings(confidence: Any, resamples: Any, seed: Any, correction: Any) -> Settings:
    """Return how a comparison is computed, in Python's own numbers.

    Raises:
        InputValidationError: one of them is out of range or not a number, or there is no such
            correction.
    """
    is_number = isinstance(confidence, Real)
    if not is_number or not 0.5 <= confidence < 1 or float(confidence) == 1:
        raise InputValidationError(
            f"confidence must be between 0.5 and 1, such as 0.95, not {confidence!r:.80}."
        )
    if not _is_whole(resamples) or resamples < _FEWEST_RESAMPLES:
        raise InputValidationError(
            f"resamples must be at least {_FEWEST_RESAMPLES}, as a whole number such as 2000, not"
            f" {resamples!r:.80}."
        )
    if resamples > _MOST_RESAMPLES:
        raise InputValidationError(f"resamples must be at most {_MOST_RESAMPLES:,}.")
    if not _is_whole(seed) or seed < 0:
        raise InputValidationError(f"seed must be a whole number from 0 on, not {seed!r:.80}.")
    return Settings(float(confidence), int(resamples), int(seed), check_correction(correction))


def check_metrics(metrics: Any) -> list[str] | None:
    """Return the metrics' names as a list; None if none is given.

    Raises:
        InputValidationError: it is neither a name nor a list of names.
    """
    if metrics is None:
        return None
    names = [metrics] if isinstance(metrics, str) else metrics
    names = list(names) if isinstance(names, Iterable) else [names]
    for name in names:
        if not isinstance(name, str):
            raise InputValidationError(
                f"metrics must be the name of a metric or a list of names, not {metrics!r:.80}."
            )
    return names


def check_cluster(cluster: Any) -> str | None:
    """Return the name of the metadata's field to cluster by; None if none is given.

    Raises:
        InputValidationError: it is not a name.
    """
    if cluster is not None and not isinstance(cluster, str):
        raise InputValidationError(
            f"cluster must be the name of a field of the samples' metadata, not {cluster!r:.80}."
        )
    return cluster


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
