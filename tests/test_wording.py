"""Sentences with numbers read well for one thing and for several."""

from __future__ import annotations

from kolena_local.wording import agreeing, counted


def test_numbers_go_with_their_nouns() -> None:
    assert [counted(number, "error") for number in (0, 1, 2)] == ["0 errors", "1 error", "2 errors"]
    assert [counted(number, "class", "classes") for number in (1, 2)] == ["1 class", "2 classes"]
    assert [agreeing(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]
