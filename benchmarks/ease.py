"""EASE's inverse, against numpy's of the same Gramian.

Both invert the Gramian of made-up histories plus the L2 weight, on all threads: ours in float64,
one triangle of it, in place; numpy the whole. Numpy's product of a matrix of histories is float64
unless somebody says otherwise, and so is the row with the aims; a row in float32 stands beside it.
The quality is the largest relative error of a diagonal element of the inverse, by which weights are
divided, against numpy's in float64. The whole fit of ours, with Gramian and weights, stands beside
numpy's inverse alone. Memory of ours counts the matrix to invert; that of numpy is above it. At
20,000 items each runs once, without a warm-up.
"""

from __future__ import annotations

from statistics import median
from typing import Any

import numpy as np

from benchmarks._data import SEED
from benchmarks._measure import Row, in_turn, timed
from benchmarks._positives import positives
from recsys_cli import threads
from recsys_cli.data import Float64
from recsys_cli.models import MODELS
from recsys_cli.models._sweep import empty_panels, invert
from recsys_cli.models.ease import _gramian
from recsys_cli.seeding import generator

REG, FASTER = 200.0, 1 / 0.7


def run(quick: bool) -> list[Row]:
    """Return the inverse beside both of numpy's, its memory, and the whole fit."""
    shape = (5_000, 2_000, 200_000) if quick else (50_000, 20_000, 3_000_000)
    bench = _Bench(*shape)
    numpy64 = {"numpy": lambda: bench.numpy(np.float64)}
    sides = {"ours": bench.ours, **numpy64, "numpy32": lambda: bench.numpy(np.float32)}
    found = in_turn({**sides, "fit": bench.fit}, 3 if quick else 1, warm_up=quick)
    name, n = f"{shape[1]:,} items", threads.count()
    versus = {side: f"numpy.linalg.inv, {bits}, BLAS {n} threads" for side, bits in _BITS.items()}
    error = {side: [bench.error("ours"), bench.error(side)] for side in _BITS}
    rows = [
        _row(f"{name}, inverse", found, "ours", side, versus[side], error[side]) for side in _BITS
    ]
    rows.append(_row(f"{name}, whole fit", found, "fit", "numpy", versus["numpy"], []))
    if quick:
        return rows  # so small a matrix fits into memory that was held already
    held = {side: found[side]["memory"] for side in ("ours", "numpy")}
    half = Row(f"{name}, memory", *held.values(), versus["numpy"], faster=2, unit="MB")
    return [*rows, half]


_BITS = {"numpy": "float64", "numpy32": "float32"}


def _row(case: str, found: Any, ours: str, peer: str, versus: str, error: list[float]) -> Row:
    aim = FASTER if (ours, peer) == ("ours", "numpy") else None
    quality = {"largest relative error": error} if error else {}
    memory: list[float | None] = [median(found[side]["memory"]) for side in (ours, peer)]
    return Row(
        case, found[ours]["fit"], found[peer]["fit"], versus, quality, faster=aim, memory=memory
    )


class _Bench:
    """The Gramian, whole, and the diagonals of what inverted it last."""

    def __init__(self, users: int, items: int, pairs: int) -> None:
        self.train = positives(users, items, pairs)
        self.gram = np.empty((items, items))
        for panel in _gramian(self.train.csr, REG):
            rows = slice(panel.shape[1] - len(panel), panel.shape[1])
            self.gram[rows, : rows.stop] = panel
            self.gram[: rows.stop, rows] = panel.T
        self.diagonals: dict[str, Float64] = {}

    def ours(self) -> dict[str, float]:
        panels = empty_panels(len(self.gram))
        for panel in panels:
            panel[:] = self.gram[panel.shape[1] - len(panel) : panel.shape[1], : panel.shape[1]]

        def work() -> None:
            self.diagonals["ours"] = invert(panels, REG)

        with threads.single_blas():
            return timed(work)

    def numpy(self, dtype: Any) -> dict[str, float]:
        gram = self.gram.astype(dtype, copy=False)

        def work() -> None:
            side = "numpy" if dtype is np.float64 else "numpy32"
            self.diagonals[side] = np.linalg.inv(gram).diagonal().astype(np.float64)

        return timed(work)

    def fit(self) -> dict[str, float]:
        model: Any = MODELS.get("ease")(reg=REG)
        return timed(lambda: model.fit(self.train, rng=generator(SEED, "model")))

    def error(self, side: str) -> float:
        return float(np.max(np.abs(self.diagonals[side] / self.diagonals["numpy"] - 1)))
