"""The greedy assignment of inferences to ground truths, on positions instead of objects.

An inference considers only the ground truth that it overlaps most, even if another inference has
taken it. So the best candidates of all inferences are computed at once, and only one comparison for
each inference is made in order.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from numbers import Real
from typing import Any, Generic, NamedTuple

import numpy as np

from kolena_local.errors import InputValidationError
from kolena_local.metrics.matches import GT, Inf
from kolena_local.metrics.overlap import Integers, Shapes, best_overlaps


@dataclass(frozen=True)
class Sides(Generic[GT, Inf]):
    """The objects to match with each other, and their shapes, scores and labels, read once."""

    ground_truths: list[GT]
    inferences: list[Inf]
    ignored: list[GT]

    @cached_property
    def shapes(self) -> tuple[Shapes, Shapes]:
        """The candidates (ground truths, then ignored ones) and the inferences, as arrays."""
        candidates, inferences = Shapes.read([*self.ground_truths, *self.ignored], self.inferences)
        return candidates, inferences

    @cached_property
    def scores(self) -> list[float]:
        """The inferences' scores; None and NaN count as the lowest.

        Raises:
            AttributeError: an inference has no score.
        """
        scores = [known(inference.score) for inference in self.inferences]
        return [-math.inf if score is None else score for score in scores]

    @cached_property
    def labels(self) -> tuple[list[int], list[int], list[int]]:
        """The labels of ground truths, inferences and ignored ground truths, as numbers.

        Equal labels have the same number, and the numbers ascend with the sorted labels.

        Raises:
            AssertionError: an object has no label.
            InputValidationError: a label cannot be compared with others, such as a list.
        """
        sides = _labels(self.ground_truths), _labels(self.inferences), _labels(self.ignored)
        try:
            distinct = dict.fromkeys(chain.from_iterable(sides))
        except TypeError as error:
            raise InputValidationError(
                f"A label cannot be compared ({error}); use text, numbers or enumerations."
            ) from error
        numbers = {label: number for number, label in enumerate(in_order(distinct))}
        ground_truths, inferences, ignored = (list(map(numbers.__getitem__, one)) for one in sides)
        return ground_truths, inferences, ignored

    def by_score(self, inferences: Iterable[int]) -> list[int]:
        """Sort positions of inferences by descending score; equals keep their order."""
        return sorted(inferences, key=self.scores.__getitem__, reverse=True)


def known(value: Any) -> Any:
    """Return None for NaN, which DataFrames use for missing values."""
    if type(value) is str:  # what labels usually are; the check below takes a while
        return value
    return None if isinstance(value, Real) and value != value else value


class Assignment(NamedTuple):
    """The result of an assignment, by position in the lists of objects."""

    matched: list[tuple[int, int, float]]
    """Ground truth, inference, and their overlap."""

    free: list[int]
    """Unmatched ground truths."""

    unmatched: list[tuple[int, float]]
    """Inference, and its largest overlap with a ground truth that is not ignored."""

    def pairs(self, sides: Sides[GT, Inf]) -> list[tuple[GT, Inf]]:
        """The matched objects; each inference as a copy with its overlap as ``iou``."""
        return [
            (sides.ground_truths[ground_truth], _with_iou(sides.inferences[inference], iou))
            for ground_truth, inference, iou in self.matched
        ]

    def left_over(self, sides: Sides[GT, Inf]) -> list[Inf]:
        """The unmatched inferences, each as a copy with its largest overlap as ``iou``."""
        return [_with_iou(sides.inferences[inference], iou) for inference, iou in self.unmatched]


def assign(sides: Sides[GT, Inf], threshold: float) -> Assignment:
    """Assign inferences to ground truths, whatever their labels."""
    ground_truths = range(len(sides.ground_truths))
    inferences = sides.by_score(range(len(sides.inferences)))
    counts = _absent(sides.ground_truths, sides.ignored)
    return _assign(sides, ground_truths, inferences, counts, threshold)


def assign_by_label(sides: Sides[GT, Inf], threshold: float) -> Assignment:
    """Assign inferences to ground truths of their label, label by label in sorted order."""
    labels, inference_labels, ignored_labels = sides.labels
    ground_truths = sorted(range(len(labels)), key=labels.__getitem__)
    inferences = sides.by_score(range(len(inference_labels)))
    inferences.sort(key=inference_labels.__getitem__)

    groups = (
        np.array([*(labels[i] for i in ground_truths), *ignored_labels], dtype=np.intp),
        np.array([inference_labels[i] for i in inferences], dtype=np.intp),
    )
    counts = _absent(
        [(labels[i], sides.ground_truths[i]) for i in ground_truths],
        list(zip(ignored_labels, sides.ignored, strict=True)),
    )
    return _assign(sides, ground_truths, inferences, counts, threshold, groups)


def assign_confusions(sides: Sides[GT, Inf], first: Assignment, threshold: float) -> Assignment:
    """Assign what is unmatched after the round by label; keep matches of different labels."""
    labels, inference_labels, _ = sides.labels
    inferences = sides.by_score(inference for inference, _ in first.unmatched)
    counts = _absent([sides.ground_truths[i] for i in first.free], sides.ignored)
    second = _assign(sides, first.free, inferences, counts, threshold)
    confused = [pair for pair in second.matched if labels[pair[0]] != inference_labels[pair[1]]]
    return second._replace(matched=confused)


def _assign(
    sides: Sides[GT, Inf],
    ground_truths: Sequence[int],
    inferences: Sequence[int],
    counts: Sequence[bool],
    threshold: float,
    groups: tuple[Integers, Integers] | None = None,
) -> Assignment:
    """Assign the inferences in the given order.

    Args:
        sides: the objects.
        ground_truths: positions of the ground truths; the first of equal overlaps is taken.
        inferences: positions of the inferences.
        counts: for each of ``ground_truths``, whether unmatched inferences report its overlap.
        threshold: the smallest overlap of a match.
        groups: a number for each of ``ground_truths`` and then each ignored one, and for each of
            ``inferences``; only equal numbers may match. None lets all match.
    """
    candidates, shapes = sides.shapes
    ignored = range(len(sides.ground_truths), len(candidates))
    best = best_overlaps(
        candidates.take(np.array([*ground_truths, *ignored], dtype=np.intp)),
        shapes.take(np.array(inferences, dtype=np.intp)),
        np.array([*counts, *(False for _ in ignored)], dtype=bool),
        groups,
    )
    matched: list[tuple[int, int, float]] = []
    unmatched: list[tuple[int, float]] = []
    taken: set[int] = set()
    for inference, candidate, overlap, counted in zip(inferences, *best, strict=True):
        # -1.0 means that there was no candidate, whatever the threshold.
        if not overlap >= threshold or overlap < 0 or candidate in taken:
            unmatched.append((inference, counted))
        elif candidate < len(ground_truths):
            matched.append((ground_truths[candidate], inference, overlap))
            taken.add(candidate)
    free = [position for i, position in enumerate(ground_truths) if i not in taken]
    return Assignment(matched, free, unmatched)


def _absent(items: Sequence[Any], ignored: Sequence[Any]) -> list[bool]:
    """Return for each item whether it is equal to no ignored one."""
    if not ignored:
        return [True] * len(items)
    try:
        known = set(ignored)
        return [item not in known for item in items]
    except TypeError:  # polygons hold lists, which have no hash
        return [item not in ignored for item in items]


def _labels(objects: Sequence[Any]) -> list[Any]:
    for item in objects:
        if not hasattr(item, "label"):
            raise AssertionError(
                f"A {type(item).__name__} has no label; matching by class needs one on every "
                "object: use match_inferences, or the Labeled variants of the annotations."
            )
    return [known(item.label) for item in objects]


def in_order(labels: Iterable[Any]) -> list[Any]:
    """Sort labels; of several types, None comes first, then numbers, text, and others."""
    try:
        return sorted(labels)
    except (TypeError, ValueError):  # None and text have no order; NumPy takes tuples for arrays
        return sorted(labels, key=_place)


def _place(label: Any) -> tuple[int, str, Any]:
    if label is None:
        return 0, "", None
    if isinstance(label, Real):
        return 1, "", label
    if isinstance(label, str):
        return 2, "", label
    return 3, type(label).__qualname__, repr(label)


def _with_iou(inference: Inf, iou: float) -> Inf:
    # Not by the constructor, because users' classes may not accept undeclared attributes.
    cls: Any = type(inference)  # type checkers do not consider classes hashable
    if _is_plain(cls):
        twin: Inf = object.__new__(cls)
        vars(twin).update(vars(inference))
    else:
        twin = copy.copy(inference)
    object.__setattr__(twin, "iou", iou)
    return twin


@lru_cache(maxsize=256)
def _is_plain(cls: type[Any]) -> bool:
    """Return whether a copy of an object is what its attributes are; ``copy`` takes its time."""
    own = ("__copy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__new__")
    return (
        not cls.__itemsize__
        and all(getattr(cls, name, None) is getattr(object, name, None) for name in own)
        and not any(vars(base).get("__slots__") for base in cls.__mro__)
    )
