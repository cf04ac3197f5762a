"""The private names of the original's client that scripts import work here."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import pytest

import kolena_local
from kolena_local._utils import log
from kolena_local._utils.pydantic_v1.dataclasses import dataclass
from kolena_local._utils.state import kolena_session
from kolena_local.workflow import GroundTruth


def test_messages_go_to_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "kolena_local"):
        log.info("one")
        log.success("two", bold=True)
        log.warn("three %s")
        log.error("four", ValueError("why"))
    assert [record.getMessage() for record in caplog.records] == ["one", "two", "three %s", "four"]
    assert "ValueError: why" in caplog.text


def test_a_progress_bar_yields_what_it_is_given(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(log.progress_bar(range(3), desc="counting", total=3)) == [0, 1, 2]
    assert capfd.readouterr().err == ""  # no terminal


def test_a_session_keeps_to_the_store_that_is_chosen(store_path: Path) -> None:
    with kolena_local.session(store_path), kolena_session("a-token", proxies={}) as place:
        assert place == str(store_path)
    assert not store_path.exists()


def test_pydantic_1_decorates() -> None:
    @dataclass(frozen=True)
    class Truth(GroundTruth):
        count: int

    assert dataclasses.is_dataclass(Truth)
    assert Truth("3") == Truth(3)  # type: ignore[arg-type]
