"""Answers a benchmark from another environment: arrays come and go by file, all else as JSON lines.

Runs beside the peer and nothing of ours, so it imports numpy alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, Any]
#: Fits once by the settings asked for; returns the seconds, and what was learned.
Fit = Callable[..., tuple[float, Arrays]]


def serve(prepare: Callable[[Arrays], Fit]) -> None:
    """Make ready with the arrays of ``in.npz``, then answer each line with the seconds of a fit."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the library prints goes to the log
    folder = Path(sys.argv[1])
    fit = prepare(dict(np.load(folder / "in.npz")))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        seconds, learned = fit(**json.loads(line))
        np.savez(folder / "out.npz", **learned)
        print(json.dumps(seconds), file=answers, flush=True)
