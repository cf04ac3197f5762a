"""Tables fit a terminal, are whole everywhere else, and never show half a number."""

from __future__ import annotations

from typing import List, Union

from hypothesis import given
from hypothesis import strategies as st

from kolena_local.cli.output.table import table
from kolena_local.cli.output.terminal_text import display_width, shorten
from kolena_local.plurals import printable

CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=60), st.just("é漢字")
)
ROWS = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=4)
)


@given(rows=ROWS, width=st.integers(20, 120))
def test_table_fits_the_width_and_stays_aligned(
    rows: List[List[Union[bool, int, float, str, None]]], width: int
) -> None:
    header = [f"c{number}" for number in range(len(rows[0]))]
    lines = list(table(header, rows, width))
    assert len(lines) == len(rows) + 2
    numbers = [value for row in rows for value in row if isinstance(value, (int, float))]
    if all(len(str(number)) < 16 for number in numbers):
        assert max(map(display_width, lines)) <= width


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


def test_text_gives_way_before_numbers_and_columns_go_from_the_right() -> None:
    rows = [["a name that is long", 123456, "another long text", 0.25], ["b", 7, None, None]]
    header = ["name", "count", "text", "share"]
    assert list(table(header, rows, 40)) == [
        "name          count  text          share",
        "-----------  ------  ------------  -----",
        "a name tha…  123456  another lon…   0.25",
        "b                 7  -                 -",
    ]
    assert list(table(header, rows, 22)) == [
        "name       count  …",
        "--------  ------  -",
        "a name …  123456  …",
        "b              7  …",
    ]


@given(text=st.text(), width=st.integers(1, 20))
def test_shortened_text_is_never_wider(text: str, width: int) -> None:
    short = shorten(text, width)
    assert display_width(short) <= width
    assert short == text or text.startswith(short[:-1])


@given(text=st.text(st.characters()))
def test_printable_text_is_one_line_that_utf8_can_hold(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in shown)
    shown.encode()
