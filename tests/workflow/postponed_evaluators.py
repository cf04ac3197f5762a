"""Evaluator functions in a module whose annotations stay text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional

from kolena_local.workflow import EvaluationResults
from tests.workflow.types import Threshold

if TYPE_CHECKING:
    from nowhere import Unknown  # type: ignore[import-not-found]

CALLS: List[Any] = []


def direct(samples: Unknown, truths: Any, guesses: Any, cases: Any, by: Threshold) -> None:
    CALLS.append(by)


def optional(
    samples: Any, truths: Any, guesses: Any, cases: Any, by: Optional[Threshold] = None
) -> Optional[EvaluationResults]:
    CALLS.append(by)
    return None


def piped(samples: Any, truths: Any, guesses: Any, cases: Any, by: Threshold | None = None) -> None:
    CALLS.append(by)


def lost(samples: Any, truths: Any, guesses: Any, cases: Any, by: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
    CALLS.append(by)


class Callable:
    """An object that is an evaluator."""

    def __call__(self, samples: Any, truths: Any, guesses: Any, cases: Any, by: Threshold) -> None:
        CALLS.append(by)


def with_one_more(
    more: int, samples: Any, truths: Any, guesses: Any, cases: Any, by: Threshold
) -> None:
    CALLS.append(by)
