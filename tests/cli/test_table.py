"""Tables: as wide as a terminal, and no wider; whatever the cells hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_cli.cli._table import ASCII, table


def test_columns_are_aligned_by_their_signs():
    text = table(["a", ">b"], [["x", "1"], ["long", "22"]], None, "{}")
    assert text.splitlines() == [
        "┏━━━━━━┳━━━━┓",
        "┃ a    ┃  b ┃",
        "┡━━━━━━╇━━━━┩",
        "│ x    │  1 │",
        "│ long │ 22 │",
        "└──────┴────┘",
    ]


def test_the_widest_columns_are_folded_between_words_until_the_table_fits():
    text = table(["id", "what"], [["als-1", "a b c d e f"], ["als-2", "abcdefghij"]], 16, "{}")
    assert text.splitlines()[3:-1] == [
        "│ als-1 │ a b  │",
        "│       │ c d  │",
        "│       │ e f  │",
        "│ als-2 │ abcd │",
        "│       │ efgh │",
        "│       │ ij   │",
    ]


def test_wide_signs_take_two_places_and_a_cell_of_two_lines_two_rows():
    body = table(["title"], [["映画"], ["Alien\nAliens"]], None, "{}").splitlines()[3:-1]
    assert body == ["│ 映画   │", "│ Alien  │", "│ Aliens │"]


def test_only_names_are_bold_and_style_takes_no_place():
    lines = table(["a"], [["b"]], None, "<{}>").splitlines()
    assert lines[1] == "┃ <a> ┃" and lines[3] == "│ b │"


def test_a_title_cannot_drive_the_terminal():
    assert "\x1b" not in table(["t"], [["\x1b[2Jgone\a\r"]], None, "{}")


def test_signs_have_a_stand_in_each():
    assert table(["a"], [["b"]], None, "{}").translate(ASCII).isascii()


cells = st.text("ab é映 \n", max_size=12)


@given(st.lists(st.tuples(cells, cells), max_size=4), st.integers(14, 40))
def test_every_line_fits_and_all_words_are_there(rows, width):
    text = table(["x", ">y"], rows, width, "{}")
    lines = text.splitlines()
    places = {sum(2 if sign == "映" else 1 for sign in line) for line in lines}
    assert len(places) == 1 and places.pop() <= width
    for sign in "abé映":
        assert text.count(sign) == sum(cell.count(sign) for row in rows for cell in row)


@pytest.mark.parametrize("rows", [[], [["", ""]]])
def test_an_empty_table_has_its_header(rows):
    assert "┃ x ┃ y ┃" in table(["x", "y"], rows, 10, "{}")
