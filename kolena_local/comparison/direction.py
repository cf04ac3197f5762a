"""Whether higher or lower is better, for each metric. Pure functions on names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from kolena_local.errors import InputValidationError

# fmt: off
_LOWER = frozenset({
    "cer", "cost", "costs", "delay", "dist", "distance", "distances", "divergence", "duration",
    "err", "error", "errors", "failed", "failure", "failures", "false", "fn", "fp", "incorrect",
    "latency", "loss", "losses", "mae", "mape", "miss", "missed", "misses", "mse", "penalty",
    "perplexity", "residual", "residuals", "risk", "rmse", "runtime", "wer", "wrong",
})
_HIGHER = frozenset({
    "accuracy", "ap", "auc", "auroc", "bleu", "correct", "dice", "f1", "hit", "hits", "iou",
    "jaccard", "overlap", "passed", "precision", "psnr", "recall", "right", "rouge", "sensitivity",
    "similarity", "specificity", "ssim", "success", "tn", "tp", "true",
})
# fmt: on
_WORD = re.compile(r"(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+)[0-9]*")


class Direction(NamedTuple):
    """Whether higher or lower values of a metric are better, and how that is known.

    Attributes:
        metric: the name of the metric.
        higher_is_better: False if lower is better.
        source: ``given``, ``name`` (a word in it, such as error or accuracy) or
            ``default``.
    """

    metric: str
    higher_is_better: bool
    source: str


def directions(metrics: Iterable[str], given: Mapping[str, bool] | None) -> dict[str, Direction]:
    """Return the direction of each metric: as given, else by its name, else higher is better.

    Raises:
        InputValidationError: ``given`` is not a mapping, names a metric that is not compared, or
            has a value other than True and False.
    """
    names, given = list(metrics), {} if given is None else given
    if not isinstance(given, Mapping):
        raise InputValidationError(
            "higher_is_better must map metrics to True or False, such as {'error': False}, not"
            f" {given!r:.80}."
        )
    for name, higher in given.items():
        if name not in names:
            raise InputValidationError(
                f"Whether higher or lower is better was given for the metric {name!r}, which is"
                f" not compared; compared: {', '.join(names)}."
            )
        if not isinstance(higher, (bool, np.bool_)):
            raise InputValidationError(
                f"higher_is_better of the metric {name!r} must be True or False, not {higher!r}."
            )
    return {name: _direction(name, given) for name in names}


def _direction(name: str, given: Mapping[str, bool]) -> Direction:
    if name in given:
        return Direction(name, bool(given[name]), "given")
    words = {word.lower() for word in _WORD.findall(name)}
    if words & _LOWER:
        return Direction(name, False, "name")
    return Direction(name, True, "name" if words & _HIGHER else "default")
