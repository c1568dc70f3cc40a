"""ALS and BPR from 1 million to 100 million pairs: seconds an epoch, and memory.

The pairs are made up: 72 a user on average, so that users grow with pairs, over a catalogue of
26,744 items, of which few have most pairs. 64 factors. Each size runs in a process of its own, so
its memory is all that the process ever held: Python, the pairs themselves, and training. An epoch
is the median of all but the first. The exponent is the slope of a line of least squares through the
logarithms of seconds, or of memory above that of an idle process, over those of the pairs: 1 is
growth in proportion.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np

from benchmarks import _machine
from benchmarks._data import SEED
from benchmarks._measure import Clock, Row
from benchmarks._positives import positives
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator

FACTORS, ITEMS, PAIRS_PER_USER, EPOCHS = 64, 26_744, 72, 4
SIZES = (1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)
_MOST_MB, _MOST_EXPONENT = 16_000, 1.05


def run(quick: bool) -> list[Row]:
    """Return the rows of both models."""
    sizes = (300_000, 1_000_000, 3_000_000) if quick else SIZES
    return [row for name in ("als", "bpr") for row in _rows(name, sizes)]


def _rows(name: str, sizes: tuple[int, ...]) -> list[Row]:
    found = [_apart(name, size) for size in sizes]
    cases = [f"{name}, {one['pairs']:,.0f} pairs" for one in found]
    rows = [
        Row(f"{case}, one epoch", [one["seconds"]], memory=[one["held"]])
        for case, one in zip(cases, found, strict=True)
    ]
    rows.append(Row(f"{cases[-1]}, memory", [found[-1]["held"]], within=_MOST_MB, unit="MB"))
    for what in ("seconds", "MB"):
        slope, case = _exponent(found, what), f"{name}, {what} over pairs"
        rows.append(Row(case, [slope], within=_MOST_EXPONENT, unit="exponent"))
    return rows


def _exponent(found: list[dict[str, float]], what: str) -> float:
    sizes, costs = (np.log([one[key] for one in found]) for key in ("pairs", what))
    return float(np.polyfit(sizes, costs, 1)[0])


def _apart(name: str, size: int) -> dict[str, float]:
    """Return what :func:`measure` finds in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scaling", name, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def measure(name: str, size: int) -> dict[str, float]:
    """Train once; return pairs, seconds an epoch, MB at the peak, and those above idle."""
    model: Any = MODELS.get(name)(factors=FACTORS, epochs=EPOCHS)
    model.fit(positives(100, 50, 1000), rng=generator(SEED, "model"))
    idle, train = _machine.peak_memory(), positives(size // PAIRS_PER_USER, ITEMS, size)
    clock = Clock()
    model.fit(train, rng=generator(SEED, "model"), on_epoch=clock.tick)
    held = _machine.peak_memory()
    return {
        "pairs": len(train),
        "seconds": clock.read()["epoch"],
        "held": held / 1e6,
        "MB": (held - idle) / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
