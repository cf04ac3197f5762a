"""Tables fit a terminal, and show every name and number whole."""

from __future__ import annotations

from collections import Counter
from typing import List, Union

from hypothesis import given
from hypothesis import strategies as st

from kolena_local.cli.output.table import _BREAKS, table
from kolena_local.cli.output.terminal_text import cell, display_width
from kolena_local.plurals import printable
from tests.conftest import long_only

CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60), st.just("é漢字")
)
ROWS = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=4)
)


def narrow(header: List[str], rows: List[List[object]], width: int, *optional: str) -> List[str]:
    return list(table(header, rows, width, optional))


@long_only
@given(rows=ROWS, width=st.integers(20, 120))
def test_on_a_terminal_every_word_is_whole_and_only_a_long_word_is_too_wide(
    rows: List[List[Union[bool, int, float, str, None]]], width: int
) -> None:
    header = [f"c{number}" for number in range(len(rows[0]))]
    lines = narrow(header, rows, width)
    # No-break spaces at the end of a line are not printed, as other spaces there.
    words = [part.rstrip() for row in rows for value in row for part in parts(cell(value))]
    seen = [part.rstrip() for line in lines for part in parts(line)]
    empty = {"-", "null", ""}
    assert Counter(words) - Counter(seen) - Counter({word: len(words) for word in empty}) == {}
    for line in lines:
        too_wide = display_width(line) > width
        assert not too_wide or any(display_width(word) > width - 4 for word in line.split(" "))


def parts(text: str) -> List[str]:
    """Return what is never broken: words, or their parts up to hyphens or of other scripts."""
    return [part for word in text.split(" ") for part in _BREAKS.split(word)]


@given(rows=ROWS)
def test_table_without_a_width_has_every_cell_whole(
    rows: List[List[Union[bool, int, float, str, None]]],
) -> None:
    lines = list(table([""] * len(rows[0]), rows, None))
    for line, row in zip(lines[2:], rows, strict=True):
        for value in row:
            if isinstance(value, str):
                assert printable(value).rstrip() in line
            elif isinstance(value, int) and not isinstance(value, bool):
                assert str(value) in line


ROWS_OF_MODELS: List[List[object]] = [
    ["resnet-50-imagenet", 123456, "a longer text", None, 0.25],
    ["b", 7, None, None, None],
]
HEADER = ["name", "count", "text", "note", "share"]


def test_a_narrow_table_loses_what_is_empty_first_and_then_what_it_can_do_without() -> None:
    assert narrow(HEADER, ROWS_OF_MODELS, 53, "share") == [
        "name                 count  text           share  …",
        "------------------  ------  -------------  -----  -",
        "resnet-50-imagenet  123456  a longer text   0.25",
        "b                        7  -                  -",
    ]
    assert narrow(HEADER, ROWS_OF_MODELS, 46, "share") == [
        "name                 count  text           …",
        "------------------  ------  -------------  -",
        "resnet-50-imagenet  123456  a longer text",
        "b                        7  -",
    ]


def test_a_narrower_table_is_wrapped_between_words() -> None:
    assert narrow(HEADER, ROWS_OF_MODELS, 40, "share") == [
        "name                 count  text       …",
        "------------------  ------  ---------  -",
        "resnet-50-imagenet  123456  a longer",
        "                            text",
        "b                        7  -",
    ]


def test_a_long_name_is_broken_after_punctuation_rather_than_cut() -> None:
    name = "resnet50-imagenet-finetuned-lr0.001-bs64"
    assert narrow(["model", "n", "tags"], [[f"{name}-{end}", 1, "a b"] for end in "ab"], 40) == [
        "model                            n  tags",
        "-------------------------------  -  ----",
        "resnet50-imagenet-finetuned-     1  a b",
        "lr0.001-bs64-a",
        "resnet50-imagenet-finetuned-     1  a b",
        "lr0.001-bs64-b",
    ]


def test_a_number_is_never_broken() -> None:
    lines = narrow(["name", "n"], [["a-" * 30, -123456789012345], ["b", -1e-100]], 40)
    assert lines[2].endswith(" -123456789012345")
    assert lines[-1] == f"b{' ' * 32}-1e-100"


def test_where_no_table_fits_rows_are_printed_one_below_the_other() -> None:
    assert narrow(HEADER, ROWS_OF_MODELS, 22, "share") == [
        "name   resnet-50-imagenet",
        "count  123456",
        "text   a longer text",
        "note   -",
        "share  0.25",
        "",
        "name   b",
        "count  7",
        "text   -",
        "note   -",
        "share  -",
    ]


def test_columns_of_wide_characters_stay_aligned() -> None:
    name = "漢字" * 15
    lines = narrow(["name", "text", "n"], [[name, "ein Text, der lang ist", 1]] * 2, 80)
    assert lines[2:] == [f"{name}  ein Text, der    1", f"{' ' * 60}  lang ist"] * 2


@given(text=st.text(st.characters()))
def test_printable_text_is_one_line_that_utf8_can_hold(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    shown.encode()
