"""ALS on implicit feedback to one training loss, against irspack and Spark.

All ratings are positives of strength 1, the last of each user held out; 64 factors. The loss is the
one that implicit's conjugate gradient solver has after 15 epochs from its own start. Each side runs
the fewest epochs that reach it, found beforehand; loss and epochs stand in the table, and all
losses are computed from factors by one function.

Irspack minimises half of our objective (its ``ORIGINAL`` loss, alpha0 1, nu 0; its own loss, twice,
equals our function's of its factors) and each of its solvers has a row. Its fit begins with a
finished matrix, ours with unsorted rows.

Spark runs in a process and an environment of its own, on all cores of this machine, as many blocks
as cores, ratings in its memory, with the BLAS in Java that it brings. It multiplies the L2 weight
by the number of a row's positives, which ours does not, so the objectives differ in that term,
which is small: Spark's weight is ours over the mean of that number, and the loss by which its
epochs are counted is ours, of its factors. Its memory is that of Java and Python above what they
held once the ratings were loaded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Self

import numpy as np

from benchmarks._data import SEED, Named, matrix, pairs
from benchmarks._environment import Apart, Environment
from benchmarks._measure import Row, in_turn, timed
from recsys_cli import threads
from recsys_cli.data import Float32, Interactions
from recsys_cli.models import MODELS
from recsys_cli.models._als import objective, strengths
from recsys_cli.seeding import generator

FACTORS, REG, ALPHA, EPOCHS = 64, 0.015, 1.0, 15
SOLVERS: dict[str, dict[str, Any]] = {
    "CG of 3 steps": {"solver_type": "CG", "max_cg_steps": 3},
    "CG of 5 steps": {"solver_type": "CG", "max_cg_steps": 5},
    "Cholesky": {"solver_type": "CHOLESKY"},
    "iALS++ of blocks of 32": {"solver_type": "IALSPP", "ialspp_subspace_dimension": 32},
    "iALS++ of blocks of 64": {"solver_type": "IALSPP", "ialspp_subspace_dimension": 64},
}
SPARK = Environment("spark", ("pyspark", "numpy"))


def run(quick: bool) -> list[Row]:
    """Return a row for each solver of irspack, and one for Spark."""
    data = pairs("100k" if quick else "1m")
    problem = _Problem(data, 3 if quick else EPOCHS)
    ours, repeats = _Ours(problem), 1 if quick else 5
    rivals = [(_Irspack(problem, how), f"irspack, {how}", 2.5) for how in SOLVERS]
    found = in_turn({"ours": ours.fit} | {name: peer.fit for peer, name, _ in rivals}, repeats)
    rows = [_row(problem, ours, peer, found, name, aim) for peer, name, aim in rivals]
    with _Spark(problem) as spark:
        name = f"{SPARK.version} ALS, local[{threads.available()}]"
        found = in_turn({"ours": ours.fit, name: spark.fit}, 1 if quick else 3)
    return [*rows, _row(problem, ours, spark, found, name, 50)]


class _Problem:
    """The data as all sides take them, and the loss to reach."""

    def __init__(self, data: Named, epochs: int) -> None:
        from implicit.cpu.als import AlternatingLeastSquares

        self.name, self.train = data.name, data.split.train
        #: Epochs after which a side that has not reached the loss never will, for us.
        self.most = 2 * epochs
        self.known = strengths(self.train.csr, ALPHA)
        confidence = matrix(self.known._replace(data=self.known.data + 1))
        with threads.single_blas():
            first = AlternatingLeastSquares(
                factors=FACTORS, regularization=REG, iterations=epochs, random_state=SEED
            )
            first.fit(confidence, show_progress=False)
        self.target = self.loss(first.user_factors, first.item_factors)

    def loss(self, users: Float32, items: Float32) -> float:
        return objective(self.known, np.ascontiguousarray(users), np.ascontiguousarray(items), REG)

    def epochs(self, loss_after: Callable[[int], float]) -> int:
        """Return the fewest epochs that reach the loss, which falls from epoch to epoch."""
        low, high = 0, self.most
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if loss_after(middle) <= self.target else (middle, high)
        return high


class _Ours:
    """Our model, fitted anew at each turn."""

    def __init__(self, problem: _Problem) -> None:
        self.train: Interactions = problem.train
        losses = self._losses(problem.most)
        self.epochs = next(n for n, loss in enumerate(losses, 1) if loss <= problem.target)
        self.loss = losses[self.epochs - 1]

    def fit(self) -> dict[str, float]:
        model = self._model(self.epochs)
        return timed(lambda: model.fit(self.train, rng=generator(SEED, "model")))

    def _model(self, epochs: int) -> Any:
        return MODELS.get("als")(factors=FACTORS, reg=REG, alpha=ALPHA, epochs=epochs)

    def _losses(self, epochs: int) -> list[float]:
        losses: list[float] = []

        def note(_: Any, __: int, loss: float | None) -> bool:
            losses.append(loss or 0.0)
            return False

        self._model(epochs).fit(self.train, rng=generator(SEED, "model"), on_epoch=note)
        return losses


class _Irspack:
    """One solver of irspack by its public interface; values are strengths."""

    def __init__(self, problem: _Problem, how: str) -> None:
        self.values, self.settings = matrix(problem.known), SOLVERS[how]
        self.problem = problem
        self.epochs = problem.epochs(self._loss_after)
        self.loss = self._loss_after(self.epochs)

    def fit(self) -> dict[str, float]:
        return timed(lambda: self._fitted(self.epochs))

    def _loss_after(self, epochs: int) -> float:
        learned = self._fitted(epochs).trainer.core_trainer
        return self.problem.loss(learned.user, learned.item)

    def _fitted(self, epochs: int) -> Any:
        from irspack import IALSRecommender

        objective_ = {"loss_type": "ORIGINAL", "alpha0": 1.0, "reg": REG, "nu": 0.0}
        common = {"n_components": FACTORS, "n_threads": threads.count(), "random_seed": SEED}
        model = IALSRecommender(self.values, **objective_, **common, **self.settings)
        model.start_learning()
        for _ in range(epochs):
            model.run_epoch()
        return model


class _Spark:
    """Spark, which ends with the ``with`` block."""

    def __init__(self, problem: _Problem) -> None:
        self.problem, train = problem, problem.train
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "pairs.csv")
            columns = (train.user_idx, train.item_idx, problem.known.data)
            np.savetxt(file, np.stack(columns, axis=1), fmt="%d,%d,%g")
            self._apart = Apart(SPARK, csv=str(file))
        rows = (train.n_users + train.n_items) / 2
        self.settings = {"rank": FACTORS, "regParam": REG * rows / len(train), "seed": SEED}
        self.epochs = problem.epochs(self._loss_after)
        self.loss = self._loss_after(self.epochs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._apart.close()

    def fit(self) -> dict[str, float]:
        return self._apart.fit(maxIter=self.epochs, alpha=1.0, **self.settings)

    def _loss_after(self, epochs: int) -> float:
        self._apart.fit(maxIter=epochs, alpha=1.0, **self.settings)
        learned, shape = self._apart.learned, self.problem.known
        users = np.zeros((shape.n_rows, FACTORS), np.float32)
        items = np.zeros((shape.n_cols, FACTORS), np.float32)
        users[learned["user_idx"]] = learned["user_factors"]
        items[learned["item_idx"]] = learned["item_factors"]
        return self.problem.loss(users, items)


def _row(
    problem: _Problem, ours: _Ours, peer: Any, found: dict[str, Any], name: str, aim: float
) -> Row:
    quality: dict[str, list[Any]] = {
        "training loss": [ours.loss, peer.loss],
        "epochs": [ours.epochs, peer.epochs],
        "the loss to reach": [problem.target],
    }
    return Row(
        f"{problem.name}, {FACTORS} factors, fit to the loss",
        found["ours"]["fit"],
        found[name]["fit"],
        f"{name}, {threads.count()} threads",
        quality,
        faster=aim,
        memory=[median(found[side]["memory"]) for side in ("ours", name)],
    )
