"""One of a crowd: ``write ROOT RUNS`` makes runs; ``read ROOT`` reads until its input ends."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from recsys_cli.errors import NotFound
from recsys_cli.runs import Store
from tests.runs.conftest import evaluated, train


def write(store: Store, runs: int) -> None:
    """Make runs, evaluate each twice, and say their ids."""
    for _ in range(runs):
        run = train(store)
        for value in (0.25, 0.5):
            run.commit_evaluation({"1": evaluated(value)})
        sys.stdout.write(f"{run.id}\n")


def read(store: Store) -> None:
    """List the runs and read the newest again and again; say how often."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    times = 0
    while not ended.is_set():
        found = store.runs()
        assert {one.status for one in found} <= {"running", "complete", "interrupted"}, found
        try:
            run = store.find("latest")
        except NotFound:
            continue  # none is complete yet
        run.verify()
        if run.metrics is not None:
            # From one table: it may be evaluated anew between two looks, but never half.
            assert len(set(run.fold().per_user()["ndcg@10"])) == 1
        times += 1
    sys.stdout.write(f"{times}\n")


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Store(Path(sys.argv[2])), int(sys.argv[3]))
    else:
        read(Store(Path(sys.argv[2])))
