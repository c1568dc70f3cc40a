"""Every family of models that has a peer: fit, then answer, beside surprise and implicit.

Of ratings a random tenth is held out, and the answer is a prediction of each; of implicit feedback
the last pair of each user is, and the answer is ten unseen items for every user. Factors, epochs
and neighbours are the same on both sides where both have them, and for mf, als and bpr so are
learning rates and weights; what else there is to set is each side's default, so quality stands
beside time. Surprise runs on one thread and knows no other way, ours and implicit on all.
Surprise's neighbours keep dense tables, and its SVD++ takes minutes: they are on ml-100k only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks import _ranking, _rating
from benchmarks._data import SEED, Named, pairs, ratings
from benchmarks._measure import Row, in_turn, timed
from benchmarks._peers import Implicit, Surprise
from recsys_cli import threads
from recsys_cli.data import Split
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator


class Case(NamedTuple):
    """One of our models and a peer's, each with its parameters."""

    ours: str
    parameters: dict[str, Any]
    peer: str
    settings: dict[str, Any]


_SGD = {"factors": 100, "epochs": 20, "lr": 0.005, "lr_decay": 1.0, "nu": 1.0, "init_std": 0.1}
_REGS = {f"reg_{name}": 0.02 for name in ("user", "item", "user_bias", "item_bias")}
_LATENT = {"factors": 64, "regularization": 0.01, "random_state": SEED}


def _dense(user_based: bool) -> dict[str, Any]:
    similarity = {"name": "pearson_baseline", "shrinkage": 100, "user_based": user_based}
    return {"verbose": False, "sim_options": similarity}


_RATINGS = [
    Case("bias", {}, "BaselineOnly", {"verbose": False}),
    Case("mf", {**_SGD, **_REGS}, "SVD", {"random_state": SEED}),
]
_SLOW_RATINGS = [
    Case(
        "svdpp",
        {"factors": 20, "epochs": 20},
        "SVDpp",
        {"random_state": SEED, "cache_ratings": True},
    ),
    Case("item-knn", {}, "KNNBaseline", _dense(user_based=False)),
    Case("user-knn", {}, "KNNBaseline", _dense(user_based=True)),
]
_PAIRS = [
    Case(
        "als",
        {"factors": 64, "epochs": 15, "reg": 0.01, "alpha": 10.0},
        "cpu.als.AlternatingLeastSquares",
        {"iterations": 15, "confidence": 10.0, **_LATENT},
    ),
    Case(
        "bpr",
        {"factors": 64, "epochs": 40, "lr": 0.05, "reg_user": 0.01, "reg_item": 0.01},
        "cpu.bpr.BayesianPersonalizedRanking",
        {"iterations": 40, "learning_rate": 0.05, **_LATENT},
    ),
    Case(
        "item-knn",
        {"target": "implicit", "neighbours": 100},
        "nearest_neighbours.CosineRecommender",
        {"K": 100},
    ),
]


def run(quick: bool) -> list[Row]:
    """Return a row for the fit and one for the answer of every model and dataset."""
    repeats = 1 if quick else 3
    small, large = ratings("100k"), pairs("100k" if quick else "1m")
    found = [row for case in _RATINGS + _SLOW_RATINGS for row in _of_ratings(case, small, repeats)]
    if not quick:
        big = ratings("1m")
        found += [row for case in _RATINGS for row in _of_ratings(case, big, repeats)]
    return found + [row for case in _PAIRS for row in _of_pairs(case, large, repeats)]


def _of_ratings(case: Case, data: Named, repeats: int) -> list[Row]:
    ours = _Predictor(case, data.split)
    theirs = Surprise(data.split, case.peer, **case.settings)
    versus = f"surprise {case.peer}, 1 thread"
    what = f"{len(data.split.test):,} predictions"
    return _rows(f"{data.name}, {case.ours}", what, ours, theirs, versus, "rmse", repeats)


def _of_pairs(case: Case, data: Named, repeats: int) -> list[Row]:
    ours = _Ranker(case, data.split)
    theirs = Implicit(data.split, case.peer, **case.settings)
    versus = f"implicit {case.peer.rpartition('.')[2]}, {threads.count()} threads, BLAS 1"
    what = f"ten items of {len(data.split.test):,} users"
    return _rows(f"{data.name}, {case.ours}", what, ours, theirs, versus, "ndcg@10", repeats)


def _rows(
    name: str, what: str, ours: Any, theirs: Any, versus: str, measure: str, repeats: int
) -> list[Row]:
    """Time the fits in turn, then the answers of the models that the last turn left."""
    fits = in_turn({"ours": ours.fit, "peer": theirs.fit}, repeats)
    answers = in_turn({"ours": ours.answer, "peer": theirs.answer}, repeats)
    quality = {measure: [ours.quality(), theirs.quality()]}
    return [
        Row(
            f"{name}, {step}", found["ours"]["fit"], found["peer"]["fit"], versus, quality, faster=1
        )
        for step, found in (("fit", fits), (what, answers))
    ]


class _Predictor:
    """One of our models of ratings, fitted anew at each turn."""

    def __init__(self, case: Case, split: Split) -> None:
        self.model: Any = MODELS.get(case.ours)(**case.parameters)
        self.split = split

    def fit(self) -> dict[str, float]:
        return timed(lambda: self.model.fit(self.split.train, rng=generator(SEED, "model")))

    def answer(self) -> dict[str, float]:
        test = self.split.test
        return timed(lambda: self.model.predict(test.user_idx, test.item_idx))

    def quality(self) -> float:
        return _rating.ours(self.split, self.model)


class _Ranker(_Predictor):
    """The same with a model that ranks."""

    def answer(self) -> dict[str, float]:
        users = self.split.test.user_idx
        seen = self.split.train.csr.rows(users)
        return timed(lambda: self.model.recommend(users, 10, exclude=seen))

    def quality(self) -> float:
        return _ranking.ours(self.split, self.model)
