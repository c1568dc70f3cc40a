"""Run cases of models in a process of their own, which a native crash or a hang may end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

#: Seconds that a case may take; those of the slowest on an idle machine are about two.
_LIMIT = 60
WORKER = (sys.executable, "-m", "tests.torture.model_worker", str(_LIMIT))
Job = tuple[str, int]


class Outcome(NamedTuple):
    """What came of a case: what was said, or what was wrong, and the case in words."""

    said: str
    wrong: str
    case: str = ""


def outcomes(jobs: Sequence[Job], worker: Sequence[str] = WORKER) -> dict[Job, Outcome]:
    """Return what came of each case; what ended a process is laid to the case it had begun."""
    left, found = list(jobs), {}
    while left:
        done, ended = _process(left, worker)
        found |= done
        left = left[len(done) :]
        if left:
            found[left.pop(0)] = Outcome("", ended)
    return found


def _process(jobs: Sequence[Job], worker: Sequence[str]) -> tuple[dict[Job, Outcome], str]:
    """Return the outcomes until the process ended, and how it did."""
    asked = "".join(f"{model} {seed}\n" for model, seed in jobs)
    run = subprocess.run(worker, input=asked, capture_output=True, text=True, check=False)
    found = {}
    lines = run.stdout.splitlines()
    for begun, told in zip(lines[::2], lines[1::2], strict=False):
        _, model, seed = begun.split()
        answer = json.loads(told)
        found[model, int(seed)] = Outcome(answer["said"], answer["wrong"], answer["case"])
    how = signal.Signals(-run.returncode).name if run.returncode < 0 else f"exit {run.returncode}"
    return found, f"the process ended by {how}: {run.stderr[-3000:]}"
