"""Whether higher or lower is better, for each metric: declared by its type, or known by its name.

A name decides only if each of its words is known here. One unknown word may reverse its
meaning (``error_free``, ``loss_reduction``), and a wrong verdict is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Annotated, NamedTuple, TypeVar

from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.flags import check_bool

UNDECLARED = "undeclared"


class Better(Enum):
    """Which values of a metric are better: a mark in ``Annotated``."""

    HIGHER = "higher"
    LOWER = "lower"


# To Python and to type checkers, a ``LowerIsBetter[float]`` is a ``float``.
Number = TypeVar("Number", bound=float | None)

#: The type of a bool or number that is better when it is higher: ``iou: HigherIsBetter[float]``.
HigherIsBetter = Annotated[Number, Better.HIGHER]

#: The type of a bool or number that is better when it is lower: ``missed: LowerIsBetter[bool]``.
LowerIsBetter = Annotated[Number, Better.LOWER]

# fmt: off
_HIGHER = frozenset({
    "accuracy", "accurate", "auc", "auprc", "auroc", "bleu", "correct", "dice", "f1", "iou",
    "jaccard", "miou", "ndcg", "precision", "psnr", "quality", "recall", "specificity", "ssim",
    "success", "tnr", "tpr",
})
_LOWER = frozenset({
    "brier", "cer", "chamfer", "crossentropy", "crps", "distance", "distances", "eer", "err",
    "error", "errors", "fnr", "fpr", "hausdorff", "incorrect", "latency", "levenshtein", "logloss",
    "loss", "losses", "mae", "mape", "medae", "mse", "msle", "nll", "perplexity", "rmse", "rmsle",
    "smape", "wer", "wrong",
})
_NEUTRAL = frozenset({
    "abs", "absolute", "at", "average", "avg", "balanced", "eval", "is", "l1", "l2", "log", "macro",
    "mean", "median", "micro", "ms", "overall", "pixel", "rel", "relative", "root", "squared",
    "test", "top1", "top3", "top5", "val", "validation", "was", "weighted", "word",
})
# fmt: on
_WORD = re.compile(r"(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+)[0-9]*")


class Direction(NamedTuple):
    """Whether higher or lower values of a metric are better, and how that is known.

    Attributes:
        metric: the name of the metric.
        higher_is_better: False if lower is better; None if that is not known.
        source: ``given`` to the comparison, ``declared`` by the metrics classes of both results,
            ``declared by base`` or ``declared by candidate`` if the other results do not declare
            it, ``name`` (the metric is called error, accuracy or the like) or ``undeclared``.
    """

    metric: str
    higher_is_better: bool | None
    source: str


def directions(
    metrics: Iterable[str],
    given: Mapping[str, bool] | None,
    declared: Sequence[Mapping[str, str]] = ({}, {}),
    signed: Iterable[str] = (),
) -> dict[str, Direction]:
    """Return the direction of each metric: as given, else as declared, else by its name.

    Args:
        metrics: the names of the metrics.
        given: whether higher is better, for some of them.
        declared: ``higher`` or ``lower`` as declared for some metrics of the base, and of the
            candidate.
        signed: the metrics with values below zero: what is called an error is not one then, but a
            difference that may be best near zero.

    Raises:
        InputValidationError: ``given`` is not a mapping, names a metric that is not compared, or
            has a value other than True and False.
        IncorrectUsageError: base and candidate declare the opposite.
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
        check_bool(higher, f"higher_is_better of the metric {name!r}")
    signed = set(signed)
    return {
        name: Direction(name, bool(given[name]), "given")
        if name in given
        else _declared(name, *(one.get(name) for one in declared)) or _by_name(name, signed)
        for name in names
    }


def without_descriptions(
    metrics: Mapping[str, bool], given: Iterable[str], declared: Iterable[Mapping[str, str]]
) -> dict[str, bool]:
    """Leave out columns of uploaded results that describe, such as a threshold.

    If the upload said of some columns which values are better, those of which nothing is known are
    not metrics. Without any such column, all of them may be.

    Args:
        metrics: what might be compared.
        given: the names of those of which the caller says which values are better.
        declared: ``higher`` or ``lower`` as the results of each model declare for some.
    """
    known = {name for one in declared for name in one}
    if not known & {*metrics}:
        return dict(metrics)
    known.update(given)
    return {
        name: boolean
        for name, boolean in metrics.items()
        if name in known or _by_name(name, ()).higher_is_better is not None
    }


def known_direction(
    metric: str,
    given: bool | None,
    declared: Mapping[str, Mapping[str, str]],
    *,
    signed: bool,
    otherwise: str,
) -> Direction:
    """Return the direction of a metric that several models have.

    Args:
        metric: the name of the metric.
        given: whether higher is better; None if that was not said.
        declared: for each model by name, ``higher`` or ``lower`` as it declares for metrics.
        signed: whether the metric has values below zero.
        otherwise: what cannot be done without a direction, for the message.

    Raises:
        IncorrectUsageError: it is not known whether higher or lower is better, or two models
            declare the opposite.
    """
    found = {
        better: model for model, metrics in declared.items() if (better := metrics.get(metric))
    }
    if len(found) > 1 and given is None:
        raise IncorrectUsageError(
            f"The results of '{found['higher']}' declare that higher is better for the metric"
            f" {metric!r}, those of '{found['lower']}' that lower is: evaluate all models with the"
            " same evaluator, or pass higher_is_better=True or False (--higher-is-better or"
            " --lower-is-better)."
        )
    toward = directions(
        [metric],
        None if given is None else {metric: given},
        [dict.fromkeys([metric], better) for better in found] * 2 or ({}, {}),
        [metric] if signed else [],
    )[metric]
    if toward.higher_is_better is None:
        raise IncorrectUsageError(
            f"Whether higher or lower is better is not declared for {metric!r}, so {otherwise};"
            " pass higher_is_better=True or False (--higher-is-better or --lower-is-better)."
        )
    return toward


def _declared(name: str, base: str | None, candidate: str | None) -> Direction | None:
    if base and candidate and base != candidate:
        raise IncorrectUsageError(
            f"The results of the base declare that {base} is better for the metric {name!r}, those"
            f" of the candidate that {candidate} is: evaluate both models with the same evaluator,"
            f" or pass higher_is_better={{{name!r}: ...}} (--higher-is-better {name} or"
            f" --lower-is-better {name})."
        )
    if not (base or candidate):
        return None
    side = "" if base == candidate else " by base" if base else " by candidate"
    return Direction(name, "higher" in (base, candidate), f"declared{side}")


def _by_name(name: str, signed: Iterable[str]) -> Direction:
    # The pattern would pass over the rest: "1 - accuracy", or "no" in another alphabet.
    readable = name.isascii() and name.isidentifier()
    parts = name.split("_") if readable else []
    words = {word for part in parts for word in _words(part)}
    if words & _HIGHER and words <= _HIGHER | _NEUTRAL | {"score"}:
        return Direction(name, True, "name")
    if words & _LOWER and words <= _LOWER | _NEUTRAL and name not in signed:
        return Direction(name, False, "name")
    return Direction(name, None, UNDECLARED)


def _words(part: str) -> list[str]:
    if part.lower() in _HIGHER | _LOWER:  # IoU is one word, logLoss is two
        return [part.lower()]
    return [word.lower() for word in _WORD.findall(part)]
