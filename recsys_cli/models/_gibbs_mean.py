"""The mean of a long run of matrix products, kept as one product of low rank."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float32, Float64
from recsys_cli.models._als import gramian

#: Parts of the largest eigenvalue below which a direction is rounding error.
_NOISE = 1e-9


class MeanProduct:
    """The running mean of ``left @ right.T``, cut to its strongest ``rank`` directions each time.

    Attributes
    ----------
    left, right : ndarray of float32, shape (n, r), (m, r)
        Their product is the mean; r is at most ``rank``.
    """

    def __init__(self, rank: int) -> None:
        self.rank, self.count = rank, 0
        self.left: Float32 = np.empty((0, 0), np.float32)
        self.right: Float32 = np.empty((0, 0), np.float32)

    def add(self, left: Float32, right: Float32) -> None:
        """Take in one more product, of float32 (n, f) and (m, f)."""
        self.count += 1
        if self.count == 1:
            self.left, self.right = left, right
            return
        part = np.float32(1 / self.count)
        left = np.hstack((self.left * (1 - part), left * part))
        right = np.hstack((self.right, right))
        self.left, self.right = truncated(left, right, self.rank)


def truncated(left: Float32, right: Float32, rank: int) -> tuple[Float32, Float32]:
    """Return the nearest product of at most ``rank`` columns, both sides equally long."""
    inverse_left, root_left = _whitening(gramian(left))
    inverse_right, root_right = _whitening(gramian(right))
    u, strength, v = np.linalg.svd(root_left @ root_right.T)
    root = np.sqrt(strength[:rank])
    to_left = inverse_left @ u[:, :rank] * root
    to_right = inverse_right @ v[:rank].T * root
    return left @ to_left.astype(np.float32), right @ to_right.astype(np.float32)


def _whitening(gram: Float64) -> tuple[Float64, Float64]:
    """Return W and R such that X W has orthonormal columns and X = (X W) R, given XᵀX."""
    size, axes = np.linalg.eigh(gram)
    root = np.sqrt(np.maximum(size, 0))
    sound = size > _NOISE * size[-1]
    inverse = np.zeros_like(root)
    inverse[sound] = 1 / root[sound]
    return axes * inverse, (axes * np.where(sound, root, 0)).T


def onto_basis(users: Float32 | Float64, items: Float32, basis: Float32) -> Float64:
    """Return vectors (n, r) whose products with ``basis`` (m, r) are users' mean products.

    These are over samples: ``users`` (n, S, f), ``items`` (m, S, f). A sample's items are, but for
    noise, linear in ``basis``; the least squares map takes the sample's users along.
    """
    n, samples, width = items.shape
    flat = items.reshape(n, samples * width)
    maps = np.linalg.lstsq(basis.astype(np.float64), flat, rcond=1e-5)[0]
    vectors: Float64 = users.reshape(len(users), samples * width) @ maps.T / samples
    return vectors
