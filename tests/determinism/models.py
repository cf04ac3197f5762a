"""Three models of one kind: sound, with float noise, and with a random state that was forgotten."""

from __future__ import annotations

import random

from tests.comparison.conftest import Guess, Photo

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


def of_another_type(photo: Photo) -> int:
    return 3
