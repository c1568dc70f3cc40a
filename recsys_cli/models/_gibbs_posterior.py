"""What a chain has sampled since its burn-in: running means, and a few whole samples."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float32
from recsys_cli.models._gibbs_mean import MeanProduct
from recsys_cli.models._gibbs_samples import Samples, joined

#: Directions of the mean product that are kept, over the factors of a sample. Against the
#: mean of all samples' predictions, 2 costs 0.0002 to 0.0004 of RMSE on ml-100k (10 factors) and
#: ml-1m (32), 0.0011 on ml-100k with 32, which are too many for it.
_RANK = 2


class Posterior:
    """Means over all samples taken in, and those of them that were to be kept.

    Attributes
    ----------
    product : MeanProduct
        Of user and item factors.
    biases : tuple of two ndarrays of float32, shape (n_users,), (n_items,)
    samples : Samples
    """

    biases: tuple[Float32, Float32]
    samples: Samples

    def __init__(self, factors: int) -> None:
        self._factors = factors
        self.forget()

    def forget(self) -> None:
        """Begin anew: none of the samples so far counts."""
        self.product = MeanProduct(_RANK * self._factors)

    def add(self, sample: Samples, keep: bool) -> None:
        """Take in one sample; the first must be kept."""
        first = self.product.count == 0
        users, items = sample.users[:, 0], sample.items[:, 0]
        self.product.add(users[:, 1:], items[:, 1:])
        biases = (users[:, 0], items[:, 0])
        if first:
            self.biases = biases
        else:
            part = np.float32(1 / self.product.count)
            user, item = (old * (1 - part) for old in self.biases)
            self.biases = (user + part * biases[0], item + part * biases[1])
        if keep:
            self.samples = sample if first else joined(self.samples, sample)
