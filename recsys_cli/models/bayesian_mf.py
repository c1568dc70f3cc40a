"""Bayesian matrix factorisation of explicit ratings by Gibbs sampling, with side columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli import threads
from recsys_cli.data import CSR, Float32, Float64, Int32, Interactions, SideFeatures
from recsys_cli.models._base import ModelConfig
from recsys_cli.models._explanation import Explanation
from recsys_cli.models._factor import FactorModel
from recsys_cli.models._features import required_sides
from recsys_cli.models._gibbs import Sampler
from recsys_cli.models._gibbs_design import Design, of_side
from recsys_cli.models._gibbs_mean import onto_basis
from recsys_cli.models._gibbs_posterior import Posterior
from recsys_cli.models._gibbs_samples import Samples, folded, require_precisions, system
from recsys_cli.models._gibbs_spread import left_open, variance
from recsys_cli.models._gibbs_state import ChainState
from recsys_cli.models._size import Size

_PAIR_BLOCK = 1 << 13
#: Matrices of (3 factors)² in float64 that cutting a mean product takes: two Gramians, the axes and
#: roots of both, and what LAPACK finds axes and singular vectors with.
_SQUARES = 9


class BayesianMFConfig(ModelConfig):
    """Parameters of Bayesian matrix factorisation."""

    factors: PositiveInt = 16
    """Number of latent factors of a sample; the mean of all samples keeps twice as many."""
    epochs: PositiveInt = 300
    """Sweeps: each samples every number of the model once."""
    burn_in: NonNegativeInt = 100
    """Sweeps that do not count, fewer than ``epochs``. Up to the first after them, the model is the
    last sample alone; ``train.monitor`` looks at it from then on."""
    implicit: bool = False
    """Whether the items that a user rated enter the user's side (SVD++)."""
    flipped: bool = False
    """Whether the users who rated an item enter the item's side."""
    features: bool = False
    """Whether the side features of users and of items enter their sides."""
    samples: int = Field(16, ge=1, le=256)
    """Samples kept, evenly spaced, for ``predict_std`` and fold-in; they take 4 bytes × samples ×
    (factors + 1) × (users + items) in memory and in the run, items twice with ``implicit``."""

    @model_validator(mode="after")
    def _check_burn_in(self) -> Self:
        if self.burn_in >= self.epochs:
            raise PydanticCustomError(
                "burn_in",
                "burn_in is {burn_in}, and must be less than epochs, which is {epochs}",
                {"burn_in": self.burn_in, "epochs": self.epochs},
            )
        return self


class BayesianMF(FactorModel[BayesianMFConfig]):
    """Rating = mean + b_u + b_i + p_u · q_i, averaged over the posterior of all of these.

    The model of a rating is a normal distribution around ``mean + b_u + b_i + p_u · q_i`` with
    precision ``noise``; b and p are sums over the columns that describe a row:

    ``p_u = own_u + Σ_{j in N(u)} y_j / sqrt(|N(u)|) + Σ_c x_uc w_c``,
    ``q_i = own_i + Σ_{v in N(i)} z_v / sqrt(|N(i)|) + Σ_c x_ic w_c``,

    b alike, with numbers of their own. N(u) are the items that u rated in training (``implicit``),
    N(i) the users who rated i (``flipped``), never those of a test pair; x are side features
    (``features``): 1 for each category and label, the standard score of a number. Every group (own
    numbers of users and of items, y, z, each feature) has a normal prior for each factor, whose
    mean and precision are sampled too: precision ~ Gamma(1/2, 1/2), mean ~ Normal(0,
    1 / precision), ``noise`` ~ Gamma(1/2, 1/2), ratings in standard units. So nothing is to be
    regularised by hand.

    A sweep samples noise and priors, then each number given all the others, factor by factor, users
    before items. With e the error of a rating less the number v's own part, and h what v is
    multiplied by in it: ``v ~ Normal((noise Σ h e + precision mean) / total, 1 / total)``,
    ``total = noise Σ h² + precision``. Sums over a row's ratings serve all its columns, so
    a sweep costs the ratings plus the entries of the side columns, times the factors (Rendle 2013).

    The model's factors are the mean of ``p_u · q_i`` over all samples after ``burn_in``, as a
    product of twice as many factors as a sample has (its best approximation, updated sample by
    sample); biases are plain means. A cold user or item has its prior's mean and its features'
    part. A folded-in user has the mean of its numbers given its ratings, in closed form for each
    kept sample, features as those of the average user. Take it for ratings when accuracy counts, or
    how sure a prediction is: it has few parameters to choose, is hard to overfit, and knows the
    standard deviation of each prediction. Each sample makes the mean better, whatever chance does
    to the validation metric: ``train.monitor`` only ends the averaging too soon, so ``recsys tune``
    adds none.

    Differences from peers: BPMF samples whole vectors under full covariances, without biases and
    side columns. libFM and myFM sample a factorisation machine, in which columns of the same side
    interact as well; here users' columns meet items' only, so that items rank by a product.

    References
    ----------
    R. Salakhutdinov, A. Mnih (2008), "Bayesian probabilistic matrix factorization using Markov
    chain Monte Carlo", ICML. S. Rendle (2012), "Factorization machines with libFM", ACM TIST 3(3).
    S. Rendle (2013), "Scaling factorization machines to relational data", PVLDB 6(5). S. Rendle,
    L. Zhang, Y. Koren (2019), "On the difficulty of evaluating baselines: a study on recommender
    systems", arXiv:1905.01395.
    """

    feedback = "explicit"
    stops_between_epochs = True
    overtrains = False
    predicts_ratings = True

    user_bias_: Float32
    item_bias_: Float32
    user_samples_: Float32
    item_samples_: Float32
    item_implicit_: Float32
    prior_mean_: Float32
    prior_precision_: Float32
    noise_precision_: Float32
    #: That of folded-in users; not saved.
    history_: CSR | None = None

    def __init__(self, config: BayesianMFConfig | None = None, **parameters: Any) -> None:
        super().__init__(config, **parameters)
        self.scores_new_items = self.config.features
        self.first_epoch = self.config.burn_in + 1

    def stored_bytes(self, size: Size) -> int:
        """Return what the mean product and the samples kept take."""
        config = self.config
        mean = super().stored_bytes(size) + 4 * config.factors * (size.users + size.items)
        kept = min(config.samples, config.epochs - config.burn_in) * (config.factors + 1)
        return mean + 4 * kept * (size.users + 2 * size.items)

    def fit_bytes(self, size: Size) -> int:
        """Return what a fit holds, and what adding a sample to the mean product takes."""
        config = self.config
        adds = config.epochs - config.burn_in > 1
        return super().fit_bytes(size) + adds * 8 * _SQUARES * (3 * config.factors) ** 2

    def fold_bytes(self, size: Size) -> int:
        """Return what new numbers take, and in each thread the equations of all samples."""
        kept = min(self.config.samples, self.config.epochs - self.config.burn_in)
        systems = 8 * kept * (self.config.factors + 1) ** 2
        return super().fold_bytes(size) + threads.count() * systems

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        config = self.config
        self.mean_ = np.float32(train.value.mean(dtype=np.float64))
        scale = float(train.value.std(dtype=np.float64)) or 1.0
        targets = (train.value - self.mean_) / np.float32(scale)
        designs = self._designs(train, features)
        chain = Sampler(train, targets, designs, config.factors, rng)
        first = config.burn_in + 1
        kept = set(np.linspace(first, config.epochs, config.samples).round().astype(int).tolist())
        posterior = Posterior(config.factors)
        state = ChainState(chain, posterior)
        for epoch in self._epochs(config.epochs, rng, state):
            sweep, error = epoch + 1, chain.sweep()
            if sweep <= first:
                posterior.forget()
            sample = chain.sample(scale, config.implicit)
            require_precisions(sample)
            posterior.add(sample, keep=sweep <= first or sweep in kept)
            self._learn(posterior)
            yield scale * error

    def _designs(self, train: Interactions, features: SideFeatures) -> tuple[Design, Design]:
        config, seen = self.config, train.csr
        if not config.features:
            features = SideFeatures()
        else:
            warm = (self.user_counts_ > 0, self.item_counts_ > 0)
            required_sides(features, *warm, hint="leave model.features at false")
        users = of_side(seen if config.implicit else None, features.users, self.user_counts_ > 0)
        swapped = seen.transpose() if config.flipped else None
        return users, of_side(swapped, features.items, self.item_counts_ > 0)

    def _learn(self, posterior: Posterior) -> None:
        self.user_factors_, self.item_factors_ = posterior.product.left, posterior.product.right
        self.user_bias_, self.item_bias_ = posterior.biases
        self.user_samples_, self.item_samples_, self.item_implicit_, *rest = posterior.samples
        self.prior_mean_, self.prior_precision_, self.noise_precision_ = rest

    @property
    def _samples(self) -> Samples:
        return Samples(
            self.user_samples_,
            self.item_samples_,
            self.item_implicit_,
            self.prior_mean_,
            self.prior_precision_,
            self.noise_precision_,
        )

    def predict_std(self, user_idx: Int32, item_idx: Int32) -> Float32:
        """Return the predictive standard deviation of each pair's rating, float32 (n,).

        Its square is the variance of the prediction over the kept samples plus the mean variance of
        the noise. A cold user or item adds the spread of its prior, a folded-in user what its
        history leaves open, which costs as much as folding it in.
        """
        samples, history = self._samples, self.history_
        cold = ((self.user_counts_ == 0) & (history is None), self.item_counts_ == 0)

        def block(start: int, stop: int) -> Float32:
            pairs = (user_idx[start:stop], item_idx[start:stop])
            spread = variance(samples, *pairs, cold)
            if history is not None:
                spread += left_open(samples, history, *pairs, cold[1])
            return np.sqrt(spread).astype(np.float32)

        with threads.single_blas():
            parts = threads.map_blocks(block, len(user_idx), _PAIR_BLOCK)
        return np.concatenate([np.empty(0, np.float32), *parts])

    def explain(self, user_idx: int, item_idx: Int32, history: CSR) -> Explanation:
        """Return what each rated item adds to the scores of a user folded in with ``history``.

        Its part is what its rating, and with ``implicit`` its having been rated, adds to the
        user's mean numbers: these are linear in both, given a sample of the items.
        """
        left, base, parts = system(self._samples, history, 0, float(self.mean_))
        right = np.concatenate((base[:, None], parts), axis=1).transpose(0, 2, 1)
        numbers = np.linalg.solve(left, right).transpose(2, 0, 1)
        factors, bias = self._mean_of(numbers)
        shares = self.item_factors_[item_idx].astype(np.float64) @ factors.T + bias
        fixed = shares[:, 0] + self.mean_ + self.item_bias_[item_idx]
        return Explanation(fixed.astype(np.float32), shares[:, 1:].astype(np.float32))

    def _fold_in(self, history: CSR) -> None:
        self.history_ = history
        self.user_samples_ = folded(self._samples, history, float(self.mean_))
        factors, bias = self._mean_of(self.user_samples_)
        self.user_factors_, self.user_bias_ = factors.astype(np.float32), bias.astype(np.float32)

    def _mean_of(self, numbers: Float32 | Float64) -> tuple[Float64, Float64]:
        """Return users' numbers (n, S, 1 + f) as one vector (n, r) for ``item_factors_``, and bias.

        Those of items without ratings are noise.
        """
        known = self.item_counts_ > 0
        items, basis = self.item_samples_[known, :, 1:], self.item_factors_[known]
        return onto_basis(numbers[:, :, 1:], items, basis), numbers[:, :, 0].mean(axis=1)
