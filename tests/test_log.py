"""Messages are printed when somebody wants them, at the level that somebody set."""

from __future__ import annotations

import logging
from typing import Iterator

import pytest

import kolena_local
from kolena_local.log import logger, print_messages


@pytest.fixture(autouse=True)
def own_level() -> Iterator[None]:
    yield
    logger.setLevel(logging.NOTSET)


def test_messages_are_printed_until_nobody_wants_them(capsys: pytest.CaptureFixture[str]) -> None:
    logger.info("before")
    for _ in range(2):
        kolena_local.initialize()
    logger.info("done")
    logger.warning("careful")
    for _ in range(2):
        kolena_local.initialize(verbose=False)
    logger.info("after")
    assert capsys.readouterr() == ("kolena_local> done\n", "kolena_local> careful\n")
    assert logger.level == logging.NOTSET


@pytest.mark.parametrize("level", [logging.DEBUG, logging.INFO, logging.ERROR])
def test_the_level_that_a_user_set_stays(level: int, capsys: pytest.CaptureFixture[str]) -> None:
    logger.setLevel(level)
    print_messages(True)
    logger.warning("careful")
    print_messages(False)
    assert logger.level == level
    assert bool(capsys.readouterr().err) == (level <= logging.WARNING)


def test_the_level_that_a_user_set_meanwhile_stays() -> None:
    print_messages(True)
    logger.setLevel(logging.INFO)
    print_messages(False)
    assert logger.level == logging.INFO
