"""Three models of one kind: sound, with float noise, and with a random state that was forgotten."""

from __future__ import annotations

import os
import random
import sys
from typing import Any

from tests.comparison.conftest import Closeness, Guess, Photo

state = random.Random(7)


def number(photo: Photo) -> float:
    return float(photo.locator.removesuffix(".png")) / 40


def sound(photo: Photo) -> Guess:
    return Guess(float("nan") if number(photo) == 0 else number(photo))


def noisy(photo: Photo) -> Guess:
    return Guess(number(photo) * (1 + state.random() * 1e-7))


def forgotten(photo: Photo) -> Guess:
    return Guess(number(photo) + state.uniform(-0.5, 0.5))


def broken(photo: Photo) -> Guess:
    raise RuntimeError("no weights")


def exiting(photo: Photo) -> Guess:
    sys.exit(0)


def dying(photo: Photo) -> Guess:
    os._exit(0)


def of_another_type(photo: Photo) -> int:
    return 3


class Failing(Closeness):
    error = RuntimeError("no labels")

    def display_name(self) -> str:
        return "Closeness"

    def compute_test_sample_metrics(self, *arguments: Any, **_: Any) -> Any:
        raise self.error


class Unmade(Closeness):
    def __init__(self) -> None:
        raise RuntimeError("no settings")
