"""Co-clustering of users and items by the library scikit-surprise (its ``CoClustering``)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import PositiveInt

from recsys_cli.data import CSR, Float32, Int32, Int64, Interactions, SideFeatures
from recsys_cli.errors import DataError
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.models._surprise import PAIR_BYTES, fit, seed, unknown

#: From here on a rating does not fit the library's C ``int``.
_TOO_LARGE = 2**31


class SurpriseCoClusteringConfig(ModelConfig):
    """Parameters of surprise's CoClustering; the defaults are the library's."""

    user_clusters: PositiveInt = 3
    """Number of clusters of users (the library's ``n_cltr_u``)."""
    item_clusters: PositiveInt = 3
    """Number of clusters of items (``n_cltr_i``)."""
    epochs: PositiveInt = 20
    """Passes; one assigns every user, then every item, to its best cluster (``n_epochs``)."""


class SurpriseCoClustering(Model[SurpriseCoClusteringConfig]):
    """Rating = cluster pair's mean + (user's mean - its cluster's) + (item's mean - its cluster's).

    With u in cluster c and i in cluster d the rating is ``C_cd + (mean_u - C_c) + (mean_i - C_d)``,
    where each C averages the ratings of a pair of clusters, of a user cluster or of an item cluster
    (the mean of all, where a cluster is empty). From random clusters, every pass moves each user,
    then each item, to the cluster with the smallest sum of squared errors of its ratings. Take it
    as a baseline of few numbers: three clusters of each learn little beyond the means.

    The library answers a pair of an unknown user or item by the mean of all ratings, although its
    documentation speaks of the other's mean. Its averages cut ratings to whole numbers of 32 bits,
    so others are refused here. It has no hook between epochs: early stopping cannot cut it short.

    A new user joins the cluster with the smallest sum of squared errors, as in training.

    References
    ----------
    George and Merugu, A scalable collaborative filtering framework based on co-clustering,
    ICDM 2005. Hug, Surprise: a Python library for recommender systems, JOSS 2020.
    """

    feedback = "explicit"
    pair_bytes = PAIR_BYTES
    uses_kernels = False
    predicts_ratings = True

    mean_: np.float32
    user_cluster_: Int32
    item_cluster_: Int32
    user_mean_: Float32
    item_offset_: Float32
    pair_means_: Float32
    means_of_user_clusters_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        _require_whole(train.value)
        config = self.config
        fitted = fit(
            "CoClustering",
            train,
            n_cltr_u=config.user_clusters,
            n_cltr_i=config.item_clusters,
            n_epochs=config.epochs,
            random_state=seed(rng),
        )
        learned = fitted.algorithm
        self.mean_ = fitted.mean
        self.user_cluster_ = fitted.of_users("cltr_u").astype(np.int32)
        self.item_cluster_ = fitted.of_items("cltr_i").astype(np.int32)
        self.user_mean_ = fitted.of_users("user_mean")
        cluster_mean = learned.avg_cltr_i.astype(np.float32)[self.item_cluster_]
        self.item_offset_ = fitted.of_items("item_mean") - cluster_mean
        self.pair_means_ = learned.avg_cocltr.astype(np.float32)
        self.means_of_user_clusters_ = learned.avg_cltr_u.astype(np.float32)
        yield None

    def _user_offset(self, user_idx: Int32) -> Float32:
        means = self.means_of_user_clusters_[self.user_cluster_[user_idx]]
        offset: Float32 = self.user_mean_[user_idx] - means
        return offset

    def _score(self, user_idx: Int32) -> Float32:
        scores = self.pair_means_[self.user_cluster_[user_idx]][:, self.item_cluster_]
        scores += self._user_offset(user_idx)[:, None] + self.item_offset_
        scores[:, self.item_counts_ == 0] = self.mean_
        return scores

    def predict(self, user_idx: Int32, item_idx: Int32, timestamp: Int64 | None = None) -> Float32:
        """Return the rating by the formula above, float32 (n,); the mean for unknown ones."""
        pair = self.pair_means_[self.user_cluster_[user_idx], self.item_cluster_[item_idx]]
        rating = pair + self._user_offset(user_idx) + self.item_offset_[item_idx]
        rating[unknown(self.user_counts_[user_idx], self.item_counts_[item_idx])] = self.mean_
        return rating

    def _fold_in(self, history: CSR) -> None:
        n, clusters = np.diff(history.indptr), len(self.means_of_user_clusters_)
        row = history.row_of()
        total = np.bincount(row, weights=history.data, minlength=history.n_rows)
        self.user_mean_ = (total / np.maximum(n, 1)).astype(np.float32)
        rest = history.data - self.user_mean_[row] - self.item_offset_[history.indices]
        shape = self.pair_means_ - self.means_of_user_clusters_[:, None]
        errors = np.zeros((clusters, history.n_rows))
        for cluster in range(clusters):
            miss = rest - shape[cluster, self.item_cluster_[history.indices]]
            errors[cluster] = np.bincount(row, weights=miss**2, minlength=history.n_rows)
        self.user_cluster_ = errors.argmin(axis=0).astype(np.int32)


def _require_whole(ratings: Float32) -> None:
    cuts = "surprise's CoClustering cuts ratings to whole numbers of 32 bits, and "
    if (ratings % 1 != 0).any():
        raise DataError(
            f"{cuts}these are not whole", hint="use another model of ratings, such as mf"
        )
    largest = float(np.abs(ratings).max())
    if largest >= _TOO_LARGE:
        raise DataError(
            f"{cuts}one is {largest:g}",
            hint="look for huge values in the data: recsys data describe",
        )
