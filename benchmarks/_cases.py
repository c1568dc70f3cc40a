"""Which of our models stands beside which of surprise's or implicit's, family by family."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from benchmarks._data import SEED

#: ``same``: both learn the same kind of model. ``another``: the libraries have none of the kind,
#: and the nearest that they have stands beside. ``wrapped``: ours calls the peer.
Relation = Literal["same", "another", "wrapped"]
Settings = dict[str, Any]


class Case(NamedTuple):
    """One of our models and a peer's, each with its parameters, and the data to run them on.

    Attributes
    ----------
    peer : str
        With its module: ``surprise.…`` learns from ratings, ``implicit.…`` from pairs.
    size : str
        Of MovieLens.
    """

    family: str
    ours: str
    parameters: Settings
    peer: str
    settings: Settings
    relation: Relation = "same"
    size: str = "1m"

    @property
    def library(self) -> str:
        """The library of the peer."""
        return self.peer.partition(".")[0]


ALS = "implicit.cpu.als.AlternatingLeastSquares"
BPR = "implicit.cpu.bpr.BayesianPersonalizedRanking"
COSINE = "implicit.nearest_neighbours.CosineRecommender"
TFIDF = "implicit.nearest_neighbours.TFIDFRecommender"
BM25 = "implicit.nearest_neighbours.BM25Recommender"
#: One ALS in our names and in implicit's.
OUR_ALS = {"factors": 64, "epochs": 15, "reg": 0.01, "alpha": 10.0}
LATENT = {"factors": 64, "regularization": 0.01, "random_state": SEED}
THEIR_ALS = {**LATENT, "iterations": 15, "confidence": 10.0}
#: A hundred neighbours; implicit counts an item among its own.
_HUNDRED = {"K": 101}
_SEEDED = {"random_state": SEED}


def _baselines() -> list[Case]:
    bias = {"reg_user": 15.0, "reg_item": 10.0, "epochs": 10}
    peer, quiet = "surprise.BaselineOnly", {"verbose": False}
    return [
        Case("baselines", "bias", bias, peer, quiet, size="100k"),
        Case("baselines", "bias", bias, peer, quiet),
        Case("baselines", "popular", {}, COSINE, {"K": 20}, "another"),
    ]


def _neighbourhood() -> list[Case]:
    family, knn = "neighbourhood", "surprise.KNNBaseline"
    of_users = {"target": "implicit", "neighbours": 100}
    of_items = {**of_users, "lists": "history"}
    bm25 = {**of_items, "similarity": "dot", "weighting": "bm25"}
    return [
        Case(family, "item-knn", {}, knn, _dense(user_based=False), size="100k"),
        Case(family, "user-knn", {}, knn, _dense(user_based=True), size="100k"),
        Case(family, "item-knn", of_items, COSINE, _HUNDRED),
        Case(family, "item-knn", bm25, BM25, _HUNDRED),
        Case(family, "user-knn", of_users, COSINE, _HUNDRED, "another"),
        Case(family, "rp3beta", {"neighbours": 100}, TFIDF, _HUNDRED, "another"),
    ]


def _dense(user_based: bool) -> Settings:
    similarity = {"name": "pearson_baseline", "shrinkage": 100, "user_based": user_based}
    return {"verbose": False, "sim_options": similarity}


def _linear() -> list[Case]:
    return [
        Case("linear", "ease", {}, BM25, _HUNDRED, "another"),
        Case("linear", "slim", {"neighbours": 100}, BM25, _HUNDRED, "another"),
    ]


def _of_ratings() -> list[Case]:
    family, svd, svdpp = "factors, ratings", "surprise.SVD", "surprise.SVDpp"
    mf = {"factors": 100, "epochs": 20, "lr": 0.005, "lr_decay": 1.0, "nu": 1.0, "init_std": 0.1}
    mf |= {f"reg_{name}": 0.02 for name in ("user", "item", "user_bias", "item_bias")}
    short, cached = {"factors": 20, "epochs": 20}, {**_SEEDED, "cache_ratings": True}
    few = {**_SEEDED, "n_factors": 16}
    return [
        Case(family, "mf", mf, svd, _SEEDED, size="100k"),
        Case(family, "mf", mf, svd, _SEEDED),
        Case(family, "svdpp", short, svdpp, cached, size="100k"),
        Case(family, "timesvdpp", short, svdpp, cached, "another", "100k"),
        Case(family, "bayesian-mf", {"factors": 16}, svd, few, "another", "100k"),
    ]


def _of_pairs() -> list[Case]:
    family = "factors, implicit"
    pairwise = {"factors": 64, "epochs": 40, "lr": 0.05, "reg_user": 0.01, "reg_item": 0.01}
    library = {**LATENT, "iterations": 40, "learning_rate": 0.05}
    return [
        Case(family, "als", OUR_ALS, ALS, THEIR_ALS),
        Case(family, "bpr", pairwise, BPR, library),
        Case(family, "svd", {"factors": 64}, ALS, THEIR_ALS, "another"),
    ]


def _of_features() -> list[Case]:
    near = {"factors": 64, "epochs": 15, "reg": 10.0, "alpha": 1.0}
    library = {**THEIR_ALS, "regularization": 10.0, "confidence": 1.0}
    return [
        Case("content, hybrid", "content", {}, TFIDF, _HUNDRED, "another"),
        Case("content, hybrid", "hybrid", near, ALS, library, "another"),
    ]


def cases() -> list[Case]:
    """Return all cases but the wrappers', in the order of the table."""
    return (
        _baselines() + _neighbourhood() + _linear() + _of_ratings() + _of_pairs() + _of_features()
    )
