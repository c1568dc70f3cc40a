"""Bayesian personalised ranking by the library ``implicit``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli.data import CSR, Float32, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._guard import foreign
from recsys_cli.models._implicit import library
from recsys_cli.models._implicit_epochs import epochs
from recsys_cli.models._pairwise import fold_in_pairwise


class ImplicitBPRConfig(ModelConfig):
    """Parameters of implicit's BPR."""

    factors: PositiveInt = 64
    """Number of latent factors per user and item, the bias not counted."""
    epochs: PositiveInt = 50
    """Passes; one draws as many pairs as there are interactions (the library's ``iterations``)."""
    lr: PositiveFloat = 0.05
    """Learning rate (``learning_rate``)."""
    reg: NonNegativeFloat = 0.01
    """L2 weight of factors and biases, a pair (``regularization``)."""


class ImplicitBPR(FactorModel[ImplicitBPRConfig]):
    """Score = b_i + p_u · q_i, trained by implicit's ``BayesianPersonalizedRanking``.

    Objective and update are those of ``bpr`` with one ``reg``. The library draws negatives by
    popularity (another interaction's item: ``negatives: popular``, ``beta: 1``) and leaves the pair
    out when the user took it. Its threads race, so it runs on one, and is then deterministic. It
    reports no loss. Take it when the library's own numbers are wanted: ``bpr`` trains on all
    threads, has an L2 weight a side, and draws negatives uniformly or hard as well.

    References
    ----------
    Rendle et al., BPR: Bayesian personalized ranking from implicit feedback, UAI 2009.
    Frederickson, implicit: fast Python collaborative filtering for implicit datasets.
    """

    feedback = "implicit"
    stops_between_epochs = True

    item_bias_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config, matrix = self.config, train.csr
        model = library("cpu.bpr").BayesianPersonalizedRanking(
            factors=config.factors,
            learning_rate=config.lr,
            regularization=config.reg,
            iterations=config.epochs,
            num_threads=1,
            random_state=int(rng.integers(2**31)),
        )
        ones = np.ones(len(matrix.indices), np.float32)
        for _ in epochs(model, foreign(matrix._replace(data=ones), np.float32)):
            # The library appends the bias of items as a last factor, and 1 to users' factors.
            self.user_factors_ = np.ascontiguousarray(model.user_factors[:, :-1])
            self.item_factors_ = np.ascontiguousarray(model.item_factors[:, :-1])
            self.item_bias_ = np.ascontiguousarray(model.item_factors[:, -1])
            yield None

    def _fold_in(self, history: CSR) -> None:
        weights = self.item_counts_.astype(np.float64)
        self.user_factors_ = fold_in_pairwise(
            history, self.item_factors_, self.item_bias_, weights, self.config.reg
        )
