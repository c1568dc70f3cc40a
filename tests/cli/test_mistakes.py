"""A misspelt command, option or choice is told with the one that is meant, once."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["trian"], "No such command 'trian'. Did you mean 'train'?"),
        (["data", "ftch"], "No such command 'ftch'. Did you mean 'fetch'?"),
        (["train", "--theads", "2"], "No such option '--theads'. Did you mean '--threads'?"),
        (["train", "-threads", "2"], "No such option '-threads'. Did you mean '--threads'?"),
        (["train", "--theads=2"], "No such option '--theads'. Did you mean '--threads'?"),
        (["check", "--no-audti"], "No such option '--no-audti'. Did you mean '--no-audit'?"),
        (["runs", "-help"], "No such option '-help'. Did you mean '--help'?"),
        (["recommend", "-x"], "No such option '-x'."),
        (["list", "modles"], "'filters', 'metrics', 'conventions'. Did you mean 'models'?"),
        (["compare", "--judge", "pint"], "'certain', 'possible'. Did you mean 'point'?"),
        (["zzzzzz"], "No such command 'zzzzzz'.\n"),
        (["a\x1b[2Jb\nc"], r"No such command 'a\x1b[2Jb\nc'."),
    ],
)
def test_what_is_meant(recsys, words, says):
    result = recsys(*words)
    assert result.code == 2 and result.out == ""
    assert says in result.err and result.err.count("Did you mean") <= 1
    assert len(result.err.splitlines()) == 2 and result.err.endswith("--help says what it takes\n")
