"""A case that fails says how to run it again."""

from __future__ import annotations

import os
import subprocess
import sys

TOY = """
from tests.torture.cases import each, seeds

@seeds(quick=4, full=40, chunk=3)
def test_toy(request, seeds):
    for seed, guard in each(request, seeds):
        with guard:
            assert seed != {bad}
"""


def toy(tmp_path, bad: int, **environment: str) -> str:
    (tmp_path / "test_toy.py").write_text(TOY.format(bad=bad))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    plain = {key: value for key, value in os.environ.items() if "TORTURE" not in key}
    done = subprocess.run(command, capture_output=True, text=True, env=plain | environment)
    return done.stdout


def test_a_failure_names_the_seed_that_replays_it(tmp_path) -> None:
    assert "replay: RECSYS_TORTURE_SEED=2 pytest test_toy.py::test_toy" in toy(tmp_path, 2)
    assert "1 failed" in toy(tmp_path, 2, RECSYS_TORTURE_SEED="2")
    assert "1 passed" in toy(tmp_path, 2, RECSYS_TORTURE_SEED="3")


def test_the_full_count_runs_when_asked_for(tmp_path) -> None:
    assert "2 passed" in toy(tmp_path, -1)
    assert "14 passed" in toy(tmp_path, -1, RECSYS_TORTURE="full")
