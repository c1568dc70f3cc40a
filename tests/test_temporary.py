"""Temporary files and folders: theirs while the writer lives, everyone's to delete after it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from recsys_cli import temporary

#: Makes a temporary thing, says that it has, and stays until it is killed.
STAYS = """
import sys, time
from pathlib import Path
from recsys_cli import temporary
with temporary.{made} as path:
    print(path, flush=True)
    time.sleep(60)
"""


def begin(made: str) -> tuple[subprocess.Popen[str], Path]:
    command = [sys.executable, "-c", STAYS.format(made=made)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_the_file_of_a_living_writer_stays_and_a_dead_ones_goes(tmp_path):
    process, path = begin(f"beside(Path({str(tmp_path / 'a.json')!r}))")
    temporary.collect(tmp_path)
    assert path.exists() and temporary.strays(tmp_path) == []
    kill(process)
    assert temporary.strays(tmp_path) == [path]
    with temporary.beside(tmp_path / "other.json") as new:  # the next writer of the folder
        assert not path.exists() and list(tmp_path.iterdir()) == [new]
        new.rename(tmp_path / "other.json")
    assert [one.name for one in tmp_path.iterdir()] == ["other.json"]


def test_only_our_names_are_collected(tmp_path):
    others = [".a.json.1-0000000g.tmp", "a.json.1-00000000.tmp", ".vimrc.tmp", ".a.1-00000000.part"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / ".a.json.1-00000000.tmp").touch()
    temporary.collect(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(others)


def test_a_link_in_place_of_a_stray_is_left_alone(tmp_path):
    (tmp_path / "mine").touch()
    (tmp_path / ".a.json.1-00000000.tmp").symlink_to(tmp_path / "mine")
    assert temporary.strays(tmp_path) == []


def test_an_exception_takes_the_file_away(tmp_path):
    with pytest.raises(ZeroDivisionError), temporary.beside(tmp_path / "a"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_folder_goes_at_its_end_and_a_dead_ones_with_the_next(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    process, path = begin("scratch('test')")
    os.utime(path, (time.time() - 3600,) * 2)
    with temporary.scratch("test") as own:
        assert path.is_dir() and own.is_dir()
    assert path.is_dir() and not own.exists()
    kill(process)
    with temporary.scratch("else"):
        assert path.is_dir()
    with temporary.scratch("test"):
        assert not path.exists()


@pytest.mark.parametrize("name", ["recsys-test-mine", ".recsys-test.mine.tmp", ".recsys-test.1-x"])
def test_a_folder_of_a_name_like_ours_stays(name, tmp_path):
    (tmp_path / name).mkdir()
    (tmp_path / name / "notes.txt").write_text("precious")
    os.utime(tmp_path / name, (0, 0))
    with temporary.scratch("test", tmp_path):
        pass
    assert (tmp_path / name / "notes.txt").exists()
