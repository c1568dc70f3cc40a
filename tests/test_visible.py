"""What has no sign of its own is shown as its escape; everything that can be read is left alone."""

from __future__ import annotations

import json

import pytest

from recsys_cli.cli import render
from recsys_cli.visible import quoted, short, visible

READABLE = ["Léon", "中文", "می\u200cخواهم", "👨\u200d👩\u200d👧", "a\u00a0b", "\\n", "", "e\u0301"]
HIDDEN = {
    "\x1b[2J": r"\x1b[2J",
    "a\nb\t": r"a\nb\t",
    "\x9b": r"\x9b",
    "\u202egpj.exe": r"\u202egpj.exe",
    "a\u200bb\ufeff": r"a\u200bb\ufeff",
    "\u2028": r"\u2028",
    "\udcff": r"\udcff",
    "\U000e0067": r"\U000e0067",
}


@pytest.mark.parametrize("text", READABLE)
def test_what_can_be_read_stays(text):
    assert visible(text) == text


@pytest.mark.parametrize("text", HIDDEN)
def test_what_drives_a_terminal_or_hides_is_escaped(text, capsys):
    assert visible(text) == HIDDEN[text]
    render.say(text)
    render.note(text)
    render.print_table(text, ["t"], [[text]])
    shown = "".join(capsys.readouterr())
    assert shown.count(HIDDEN[text]) == 3 + ("\n" not in text)
    assert set(text) & set(shown) <= {*HIDDEN[text], "\n"}


def test_some_may_be_kept():
    assert visible("a\nb\r", keep="\n") == "a\nb\\r"


def test_long_words_are_cut():
    assert short("x" * 100) == "x" * 60 + "…"
    assert quoted("a\n") == '"a\\n"'


def test_json_escapes_them_and_reads_back_exactly():
    document = {**HIDDEN, "all": [*HIDDEN, *READABLE, "\x7f"]}
    text = render.as_json(document)
    assert json.loads(text) == document
    assert visible(text, keep="\n") == text and "中文" in text
