"""What is drawn on a terminal, and that nothing of it is drawn elsewhere."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import time

import pytest

from recsys_cli.cli import _screen
from recsys_cli.cli._screen import screen

ESCAPE = "\x1b"


def on_a_terminal(*words: object, **environment: str) -> str:
    """Return what a command writes to the terminal that all its streams are."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from recsys_cli.cli import main; main()", *map(str, words)]
    environment = {"TERM": "xterm", "COLUMNS": "80", **environment}
    running = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **environment}
    )
    os.close(theirs)
    shown = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        try:
            while chunk := terminal.read(65536):
                shown += chunk
        except OSError:  # how Linux says that the other side is closed
            pass
    assert running.wait() == 0
    return shown.decode()


def test_a_terminal_gets_style_and_a_width_and_no_color_takes_the_style_away(store, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    words = ["show", "als", "--runs", store.root]
    assert ESCAPE in on_a_terminal(*words)
    plain = on_a_terminal(*words, NO_COLOR="1")
    assert ESCAPE not in plain
    tables = [line for line in plain.splitlines() if line.startswith("│")]
    assert tables and max(map(len, tables)) <= 80


def test_off_a_terminal_nothing_is_styled_or_cut(runs, recsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    result = recsys("show", "als")
    assert ESCAPE not in result.out + result.err
    assert "Results on them say nothing about results on MovieLens or any other real data." in (
        result.out
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


#: Seconds in which a bar without patience has appeared, on a busy machine too.
SOON = 0.5


def terminal(monkeypatch) -> Terminal:
    """Make standard error a terminal, for the rest of the test."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_a_stage_that_lasts_gets_a_bar_and_a_note_stands_above_it(monkeypatch):
    drawn = terminal(monkeypatch)
    monkeypatch.setattr(_screen, "PATIENCE", 0)
    with screen() as listener:
        listener.progress("fit · loss 0.5", 3, 10)
        time.sleep(SOON)
        listener.note("a note [of] some length")
        listener.progress("fit · loss 0.4", 4, 10)
        for stage in (("evaluate", 1, 2), ("load", 0, None), ("download", 512, 2048)):
            listener.progress(*stage)
            time.sleep(SOON)
    shown = drawn.getvalue()
    for text in (
        "4/10",
        "a note [of] some length",
        "fit · loss 0.4",
        "evaluate",
        "load",
        "0.5/2.0 kB",
    ):
        assert text in shown
    assert shown.rstrip().endswith(("\x1b[?25h", "\x1b[2K"))


def test_a_short_stage_gets_no_bar(monkeypatch):
    drawn = terminal(monkeypatch)
    with screen() as listener:
        for epoch in range(10):
            listener.progress("fit", epoch, 9)
    assert drawn.getvalue() == ""


def test_off_a_terminal_there_is_no_bar(capsys, monkeypatch):
    monkeypatch.setattr(_screen, "PATIENCE", 0)
    with screen() as listener:
        listener.progress("fit", 3, 10)
        listener.note("a note")
    assert capsys.readouterr() == ("", "a note\n")


def test_the_bar_is_gone_when_a_stage_fails(monkeypatch):
    drawn = terminal(monkeypatch)
    monkeypatch.setattr(_screen, "PATIENCE", 0)
    with pytest.raises(KeyboardInterrupt), screen() as listener:
        listener.progress("fit", 3, 10)
        time.sleep(SOON)
        raise KeyboardInterrupt
    assert "\x1b[?25h" in drawn.getvalue()
