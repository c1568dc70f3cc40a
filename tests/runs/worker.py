"""A process that makes small runs, to be killed: ``worker ROOT [--once] [--die-at N]``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from recsys_cli.runs import Store, _atomic
from recsys_cli.runs._lock import held
from tests.runs.conftest import evaluated, train

real_sync = _atomic.sync


def die_at(count: int) -> None:
    """Kill this process at the given fsync: half-way through some file."""
    left = [count]

    def sync(path: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        real_sync(path)

    _atomic.sync = sync


def refuse_children(store: Store) -> None:
    """Fail at a child process started while a run is locked: it would inherit the lock."""

    def hook(event: str, _: object) -> None:
        if event in ("subprocess.Popen", "os.fork", "os.posix_spawn"):
            assert not any(held(store.root / id_) for id_ in store.ids()), event

    sys.addaudithook(hook)


def main(root: str, *options: str) -> None:
    store = Store(Path(root))
    if "--once" not in options:  # which runs in a crowd, whose locks are not its own
        refuse_children(store)
    for number, fold in enumerate([(None,), ("1", "2")] * 1000):
        run = train(store, folds=fold)
        if "--once" in options:
            sys.stdout.write(run.id)
            return
        summary = None if fold == (None,) else {"metrics": {"ndcg@10": {"value": 0.5}}}
        for value in (0.25, 0.5, 0.75):
            run.commit_evaluation(dict.fromkeys(run.fold_names, evaluated(value)), summary)
        if number == 0:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            if "--die-at" in options:
                die_at(int(options[-1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
