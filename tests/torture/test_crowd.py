"""Many processes that make runs in one store at once, with readers beside them."""

from __future__ import annotations

import subprocess
import sys

from tests.torture.cases import FULL, count
from tests.torture.forks import HOUSE, check

PROCESSES, RUNS, READERS = (32, 20, 4) if FULL else (4, 3, 1)


def begin(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.torture.crowd_worker", *map(str, words)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=HOUSE, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_a_crowd_makes_as_many_runs_and_readers_meet_no_error(request, tmp_path):
    root = tmp_path / "runs"
    readers = [begin("read", root) for _ in range(READERS)]
    writers = [begin("write", root, RUNS) for _ in range(PROCESSES)]
    ids: list[str] = []
    for writer in writers:
        out, err = writer.communicate()
        assert writer.returncode == 0, err
        ids += out.split()
    for reader in readers:
        out, err = reader.communicate()
        assert reader.returncode == 0, err
        assert int(out) > 0
    assert sorted(ids) == sorted(f"als-{number}" for number in range(1, PROCESSES * RUNS + 1))
    store = check(tmp_path)
    assert [run.status for run in store.runs()] == ["complete"] * len(ids)
    count(request, len(ids))
