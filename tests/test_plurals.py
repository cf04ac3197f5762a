"""Messages read well for one thing and for several, and end with one full stop."""

from __future__ import annotations

from kolena_local.plurals import agreeing, counted, sentence


def test_numbers_go_with_their_nouns() -> None:
    assert [counted(number, "error") for number in (0, 1, 2)] == ["0 errors", "1 error", "2 errors"]
    assert [counted(number, "class", "classes") for number in (1, 2)] == ["1 class", "2 classes"]
    assert [agreeing(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]


def test_a_message_has_one_full_stop() -> None:
    assert [sentence(ValueError(text)) for text in ("It is so", "It is so.")] == ["It is so."] * 2
