"""Logistic matrix factorisation by the library ``implicit``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Interactions, SideFeatures
from recsys_cli.models._als import observed
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._implicit import library, positives
from recsys_cli.models._implicit_epochs import epochs

#: Items that stand for all negatives when a new user's factors are sought, and steps of the search.
_NEGATIVES = 128
_STEPS = 30
_BLOCK = 16
#: Keeps a system solvable where the regularisation is zero.
_LEAST_REG = 1e-6


class ImplicitLMFConfig(ModelConfig):
    """Parameters of implicit's LogisticMatrixFactorization; the defaults are the library's."""

    factors: PositiveInt = 30
    """Number of latent factors per user and item, the biases not counted."""
    epochs: PositiveInt = 30
    """Passes; one takes a step for every user, then for every item (``iterations``)."""
    lr: PositiveFloat = 1.0
    """Learning rate, which AdaGrad divides (``learning_rate``)."""
    reg: NonNegativeFloat = 0.6
    """L2 weight of factors and biases (``regularization``)."""
    negatives: int = Field(30, ge=1, le=10_000)
    """Negatives drawn a positive (``neg_prop``), ``factors + 2`` at most a user and pass."""


class ImplicitLMF(FactorModel[ImplicitLMFConfig]):
    """P(u takes i) = sigmoid(b_u + b_i + p_u · q_i), trained by implicit.

    Maximises ``Σ c_ui log σ(s_ui) + Σ_negatives log σ(-s_ui) - reg/2 (|P|² + |Q|²)``, biases
    included, where the confidence ``c_ui`` of a positive is its value times its weight. A pass
    takes one AdaGrad step for every user, items fixed, then for every item. Negatives of a user are
    items of random interactions, so by popularity; its own are not left out, and the library draws
    ``factors + 2`` at most a user and pass, so ``negatives`` matters for short histories only. That
    cap makes large values drown the negatives: scale them to about 1.

    Each of the library's threads draws numbers of its own, so it runs on one, and is then
    deterministic. It reports no loss. A new user's factors and bias maximise the same objective
    with items fixed, with 128 items at even quantiles of popularity in place of the random
    negatives.

    Take it when a logistic loss of single pairs is asked for, which no model of ours has: ``als``
    weighs pairs by confidence too, with squared errors over all of them, and ``bpr`` is logistic
    in the difference of two items. At default parameters both rank ml-100k better.

    References
    ----------
    Johnson, Logistic matrix factorization for implicit feedback data, NIPS workshop on distributed
    machine learning and matrix computations 2014. Frederickson, implicit: fast Python collaborative
    filtering for implicit datasets.
    """

    feedback = "implicit"
    stops_between_epochs = True
    uses_weights = True

    user_bias_: Float32
    item_bias_: Float32

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config = self.config
        model = library("cpu.lmf").LogisticMatrixFactorization(
            factors=config.factors,
            iterations=config.epochs,
            learning_rate=config.lr,
            regularization=config.reg,
            neg_prop=config.negatives,
            num_threads=1,
            random_state=int(rng.integers(2**31)),
        )
        for _ in epochs(model, positives(observed(train)).astype(np.float32)):
            # The last two columns are the biases of items and of users; the other side's is 1.
            self.user_factors_ = np.ascontiguousarray(model.user_factors[:, :-2])
            self.item_factors_ = np.ascontiguousarray(model.item_factors[:, :-2])
            self.user_bias_ = np.ascontiguousarray(model.user_factors[:, -1])
            self.item_bias_ = np.ascontiguousarray(model.item_factors[:, -2])
            yield None

    def _fold_in(self, history: CSR) -> None:
        design = np.column_stack((self.item_factors_, np.ones(len(self.item_factors_))))
        bias, config = self.item_bias_.astype(np.float64), self.config
        mass = np.cumsum(self.item_counts_)
        levels = (np.arange(_NEGATIVES) + 0.5) / _NEGATIVES * mass[-1]
        others = np.searchsorted(mass, levels)
        found = np.zeros((history.n_rows, design.shape[1]), np.float32)

        def work(start: int, stop: int) -> None:
            for row in range(start, stop):
                seen = slice(history.indptr[row], history.indptr[row + 1])
                items, n = history.indices[seen], seen.stop - seen.start
                drawn = min(config.factors + 2, n * config.negatives) / _NEGATIVES
                rows = np.concatenate((items, others))
                weights = np.concatenate((history.data[seen], np.full(_NEGATIVES, drawn)))
                if n:
                    found[row] = _logistic(design[rows], bias[rows], weights, n, config.reg)

        threads.map_blocks(work, history.n_rows, _BLOCK)
        self.user_factors_, self.user_bias_ = found[:, :-1].copy(), found[:, -1].copy()


def _logistic(rows: Float64, bias: Float64, weights: Float64, positive: int, reg: float) -> Float64:
    """Return the x (f,) of ``σ(rows @ x + bias)``, 1 at the first ``positive`` rows, else 0.

    Newton's steps with the curvature held at its bound 1/4 (Böhning and Lindsay 1988), so that each
    improves the objective.
    """
    target = (np.arange(len(rows)) < positive).astype(np.float64)
    weights = np.maximum(weights, 0)
    curvature = (rows.T * (weights / 4)) @ rows + (reg + _LEAST_REG) * np.eye(rows.shape[1])
    inverse, found = np.linalg.inv(curvature), np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(rows @ found + bias, -500, 500)))
        found += inverse @ (rows.T @ (weights * (target - chance)) - reg * found)
    return found
