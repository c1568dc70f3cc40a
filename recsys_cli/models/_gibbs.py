"""The Gibbs sampler of a two-sided factorisation: users × items, each with side columns."""

from __future__ import annotations

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Float32, Interactions
from recsys_cli.models._gibbs_design import Design
from recsys_cli.models._gibbs_samples import Samples
from recsys_cli.models._gibbs_side import make_side

#: Standard deviation of the factors at the start, in standard deviations of the ratings.
_START = 0.1


class Sampler:
    """The chain over ``target = b_u + b_i + p_u · q_i + noise``.

    Parameters
    ----------
    train : Interactions
    targets : ndarray of float32, shape (n,)
        The ratings, centred and scaled.
    designs : (Design, Design)
        Side columns of users and of items.
    factors : int
    rng : Generator
    """

    def __init__(
        self,
        train: Interactions,
        targets: Float32,
        designs: tuple[Design, Design],
        factors: int,
        rng: np.random.Generator,
    ) -> None:
        users, items, terms = train.user_idx, train.item_idx, factors + 1
        self.sides = (
            make_side(users, items, train.n_users, targets, designs[0], terms),
            make_side(items, users, train.n_items, targets, designs[1], terms),
        )
        start = self.sides[0]
        start.own[1:] = _START * rng.standard_normal((factors, train.n_users), np.float32)
        start.own[:, ~start.warm] = 0
        start.effective[:] = start.own
        self.noise = 1.0
        self.rng, self.terms = rng, terms
        self.squared = float(np.sum(targets.astype(np.float64) ** 2))

    def sweep(self) -> float:
        """Sample everything once; return the root mean squared error of the ratings."""
        n = len(self.sides[0].errors)
        self.renew_precision()
        normals = []
        for side in self.sides:
            side.renew_prior(self.rng)
            shape = (self.terms, side.own.shape[1] + side.weights.shape[1])
            normals.append(self.rng.standard_normal(shape, np.float32))
        for term in range(self.terms):
            self._visit(0, term, normals[0][term])
            self._visit(1, term, normals[1][term])
        self.squared = self._squared_error()
        return float(np.sqrt(self.squared / n))

    def renew_precision(self) -> None:
        """Sample the precision of the ratings given their errors; its prior: Gamma(1/2, 1/2)."""
        n = len(self.sides[0].errors)
        self.noise = self.rng.standard_gamma((1 + n) / 2) / ((1 + self.squared) / 2)

    def sample(self, scale: float, implicit: bool) -> Samples:
        """Return the last sample, as numbers of ratings whose targets are 1 / ``scale`` of them.

        ``implicit`` says that the first group of the users' columns is one column a rated item.
        """
        users, items = self.sides
        to_users = np.full((self.terms, 1), scale, np.float32)
        to_items = np.ones_like(to_users)
        to_items[0] = scale
        columns = users.design.sizes[0] if implicit else 0
        share = np.zeros((len(items.warm), 1, self.terms if implicit else 0), np.float32)
        if implicit:
            share[items.warm, 0] = (users.weights[:, :columns] * to_users).T
        typical = users.design.means(users.warm)[columns:]
        means = users.prior.mean[0] + users.weights[:, columns:] @ typical
        precisions = np.stack((users.prior.precision[0], items.prior.precision[0]))
        units = np.stack((to_users[:, 0], to_items[:, 0])).astype(np.float64)
        with np.errstate(over="ignore"):  # refused by who takes the sample
            return Samples(
                (users.effective * to_users).T[:, None].copy(),
                (items.effective * to_items).T[:, None].copy(),
                share,
                (means * scale)[None],
                (precisions / units**2)[:, None].astype(np.float32),
                np.array([self.noise / scale**2]).astype(np.float32),
            )

    def _visit(self, which: int, term: int, normals: Float32) -> None:
        """Sample one term of one side."""
        from recsys_cli.kernels.gibbs import sample_rows, sample_weights

        side, other = self.sides[which], self.sides[1 - which]
        data = (side.indptr, side.indices, side.errors, *self._lag(which, term))
        fixed, n = other.facing(term), side.own.shape[1]
        mean, precision = side.prior.mean[:, term], side.prior.precision[:, term]
        noise, change = np.float32(self.noise), side.change[term]
        sums = (np.empty(n, np.float32), np.empty(n, np.float32))
        prior = (noise, mean[0], precision[0])

        def work(at: int, _: int) -> None:
            rows = (int(side.spans[at]), int(side.spans[at + 1]))
            sample_rows(*rows, *data, fixed, side.own[term], prior, normals[:n], sums, change)

        threads.map_blocks(work, len(side.spans) - 1, 1)
        design = side.design
        if len(design.group):
            given = (noise, mean[1:].copy(), precision[1:].copy(), normals[n:])
            sample_weights(*design[:4], side.weights[term], *given, sums, change)
        side.effective[term] += change

    def _lag(
        self, which: int, term: int
    ) -> tuple[tuple[Float32, Float32], tuple[Float32, Float32]]:
        """Return the products that the errors of a side lag behind by when it comes to a term.

        Since its last visit, the term before changed on this side, and then one on the other:
        the same term as seen from the users, ``term`` itself as seen from the items.
        """
        side, other = self.sides[which], self.sides[1 - which]
        before = (term - 1) % self.terms
        if which == 1:
            faced, changed = side.facing(term), other.change[term]
        else:
            faced, changed = side.facing(before), other.change[before]
        now = other.facing(before)
        if which == 0 and before:
            now = now - changed
        return (side.change[before], faced), (now, changed)

    def _squared_error(self) -> float:
        from recsys_cli.kernels.gibbs import squared_error

        side = self.sides[0]
        data = (side.indptr, side.indices, side.errors, *self._lag(0, 0))

        def work(at: int, _: int) -> float:
            return float(squared_error(int(side.spans[at]), int(side.spans[at + 1]), *data))

        return float(sum(threads.map_blocks(work, len(side.spans) - 1, 1)))
