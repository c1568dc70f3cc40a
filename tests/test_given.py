"""Files that a command line names: none is waited for, and what was handed over is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recsys_cli.cli import _request
from recsys_cli.errors import SpecError
from recsys_cli.given import read_given
from recsys_cli.specfile import load, place

SPEC = """\
name: x
dataset: {name: synthetic}
split: {name: leave-last}
model: {name: popular}
"""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe into which nobody writes."""
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    return path


def handed(text: str) -> Path:
    """Return the name of a pipe as a shell makes it for ``<(command)``."""
    read, write = os.pipe()
    os.write(write, text.encode())
    os.close(write)
    return Path(f"/dev/fd/{read}")


def test_a_pipe_or_a_device_is_refused_without_a_wait(pipe: Path, tmp_path: Path) -> None:
    (tmp_path / "heir.yaml").write_text("extends: pipe.yaml\n", encoding="utf-8")
    for path in (pipe, tmp_path / "heir.yaml", Path("/dev/zero")):
        with pytest.raises(SpecError, match="cannot be read: it is a pipe or a device"):
            load(path)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(SpecError, match="cannot be read: it is a pipe or a device") as caught:
            _request.read([], path, None, False, None)
        assert caught.value.where == str(path)


def test_what_a_shell_hands_over_is_read() -> None:
    path = handed(SPEC)
    assert load(path).name == "x"
    # It comes once, so that the place of a later problem is the file alone.
    assert place(path, (), "model.name") == str(path)
    assert _request.read([], handed("19\n20\n"), None, False, None).users == ["19", "20"]


def test_so_much_is_read_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    assert read_given(tmp_path / "file", 4) == b"0123"
    assert read_given(tmp_path / "file") == b"0123456789"
