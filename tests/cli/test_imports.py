"""What must be quick never loads what is slow to load."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = {"numpy", "scipy", "pandas", "numba", "pyarrow", "implicit", "surprise", "pydantic"}
PROBE = """
import sys
from recsys_cli.cli._app import run
code = run(sys.argv[1:])
sys.stderr.write(" ".join(name for name in sys.modules if "." not in name))
raise SystemExit(code)
"""


def loaded(*words: object, **environment: str) -> set[str]:
    command = [sys.executable, "-c", PROBE, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["train", "--help"], ["runs"], ["show", "als"]]
)
def test_help_runs_and_show_never_load_numpy(store, monkeypatch, words):
    monkeypatch.setenv("RECSYS_RUNS", str(store.root))
    assert loaded(*words) & SLOW == set()


def test_help_does_not_even_load_rich():
    assert "rich" not in loaded("--help")


def test_run_never_loads_pandas_which_pyarrow_would(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    rows = [f"u{n % 5},i{n % 3},{n}" for n in range(15)]
    (tmp_path / "rows.csv").write_text("\n".join(["user,item,time", *rows]))
    columns = "user: user, item: item, rating: null, timestamp: time"
    (tmp_path / "toy.yaml").write_text(
        f"name: toy\ndataset: {{name: delimited, path: {tmp_path / 'rows.csv'}, {columns}}}\n"
        "split: {name: leave-last}\nmodel: {name: popular}\n"
        "evaluation: {metrics: [recall@2], save_lists: true}\n"
    )
    assert "pandas" not in loaded("run", tmp_path / "toy.yaml", "--runs", tmp_path / "runs")


def test_recommend_loads_no_more_than_numpy(store, monkeypatch):
    monkeypatch.setenv("RECSYS_RUNS", str(store.root))
    assert loaded("recommend", "als", "--user", "19") & SLOW <= {"numpy", "pydantic"}
