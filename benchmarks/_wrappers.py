"""Our wrappers beside the libraries that they call: the same settings and the same random numbers.

What ours takes longer is what a wrapper costs, and the quality must be the same.
"""

from __future__ import annotations

from benchmarks._cases import (
    ALS,
    BM25,
    BPR,
    COSINE,
    LATENT,
    OUR_ALS,
    TFIDF,
    THEIR_ALS,
    Case,
    Settings,
)
from benchmarks._data import SEED
from recsys_cli.seeding import generator

#: The seed that a wrapper draws for its library.
_DRAWN = {"random_state": int(generator(SEED, "model").integers(2**31))}


def _surprise() -> list[Case]:
    few = {**_DRAWN, "n_epochs": 2, "cache_ratings": True}
    return [
        _case("surprise-baseline", {}, "surprise.BaselineOnly", {"verbose": False}, "100k"),
        _case("surprise-svd", {}, "surprise.SVD", _DRAWN, "100k"),
        _case("surprise-svdpp", {"epochs": 2}, "surprise.SVDpp", few, "100k"),
        _case("surprise-nmf", {}, "surprise.NMF", _DRAWN, "100k"),
        _case("surprise-co-clustering", {}, "surprise.CoClustering", _DRAWN, "100k"),
    ]


def _implicit() -> list[Case]:
    als = {**THEIR_ALS, "random_state": generator(SEED, "model")}
    # Their threads race, and the wrappers run them on one.
    alone = {**_DRAWN, "iterations": 5, "num_threads": 1}
    bpr, lmf = {**LATENT, "learning_rate": 0.05}, "implicit.cpu.lmf.LogisticMatrixFactorization"
    return [
        _case("implicit-als", OUR_ALS, ALS, als),
        _case("implicit-bpr", {"factors": 64, "epochs": 5}, BPR, bpr | alone),
        _case("implicit-lmf", {"epochs": 5}, lmf, alone),
        _case("implicit-cosine", {}, COSINE, {}),
        _case("implicit-tfidf", {}, TFIDF, {}),
        _case("implicit-bm25", {}, BM25, {}),
    ]


def _case(ours: str, parameters: Settings, peer: str, settings: Settings, size: str = "1m") -> Case:
    return Case("wrappers", ours, parameters, peer, settings, "wrapped", size)


def wrappers() -> list[Case]:
    """Return a case for each wrapper."""
    return _surprise() + _implicit()
