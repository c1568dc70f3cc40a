from __future__ import annotations

import os
import subprocess
import sys

import pytest

from recsys_cli.cli._options import complete_specs

PROBE = """
import atexit, sys
from recsys_cli.cli import main
atexit.register(lambda: sys.stderr.write("numpy" if "numpy" in sys.modules else "light"))
main()
"""


def complete(line: str, **environment: str) -> list[str]:
    """Return what bash is told to offer at the end of a line."""
    words = line.split(" ")
    asked = {
        "_RECSYS_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**os.environ, **asked, **environment},
        capture_output=True,
        text=True,
    )
    assert done.stderr == "light"
    return done.stdout.split()


def test_commands_are_completed():
    assert complete("recsys re") == ["recommend", "reproduce", "regress"]


def test_run_ids_of_the_folder_that_the_environment_names(runs):
    assert complete("recsys show a") == ["als-1"]
    assert complete("recsys show ") == ["latest", *runs.ids()]
    assert complete("recsys compare als-1 pop") == ["popular-1"]


def test_run_ids_of_the_folder_that_the_command_line_names(store):
    assert complete(f"recsys show --runs {store.root} a") == ["als-1"]
    assert complete("recsys show --runs /nowhere a") == []


@pytest.fixture
def specs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "configs/als.yaml", "configs/ci/x.yml", ".venv/no.yaml", "b.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", ["a.yaml", "configs/als.yaml", "configs/ci/x.yml"]),
        ("con", ["configs/als.yaml", "configs/ci/x.yml"]),
        ("./con", ["./configs/als.yaml", "./configs/ci/x.yml"]),
        ("configs/", ["configs/als.yaml", "configs/ci/x.yml"]),
        ("configs/c", ["configs/ci/x.yml"]),
        ("nowhere/x", []),
    ],
)
def test_spec_files_are_completed(specs, typed, offered):
    assert complete_specs(typed) == offered


def test_spec_files_are_completed_by_the_shell(specs):
    assert complete("recsys run configs/a") == ["configs/als.yaml"]
