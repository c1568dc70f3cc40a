"""How far a rating may lie from its prediction: what samples disagree on, what each leaves open."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Bool, Float64, Int32
from recsys_cli.models._gibbs_samples import Samples, facing, system


def variance(
    samples: Samples, user_idx: Int32, item_idx: Int32, cold: tuple[Bool, Bool]
) -> Float64:
    """Return the variance of each pair's rating, float64 (n,).

    ``cold`` says which users and which items have no ratings: the spread of their prior is added.
    """
    users, items = samples.users[user_idx], samples.items[item_idx]
    x, z = facing(users), facing(items)
    predicted = users[..., 0] + np.einsum("nsf,nsf->ns", x, items.astype(np.float64))
    prior = 1 / samples.precisions.astype(np.float64)
    found = np.mean(1 / samples.noise.astype(np.float64)) + predicted.var(axis=1)
    new_user, new_item = cold[0][user_idx], cold[1][item_idx]
    squares = z**2
    squares[new_item, :, 1:] += prior[1, :, 1:]
    found += np.where(new_user, _mean_sum(squares, prior[0]), 0)
    found += np.where(new_item, _mean_sum(x**2, prior[1]), 0)
    return np.asarray(found)


def _mean_sum(squares: Float64, prior: Float64) -> Float64:
    return np.asarray(np.einsum("nsf,sf->n", squares, prior) / len(prior))


def left_open(
    samples: Samples, history: CSR, user_idx: Int32, item_idx: Int32, cold: Bool
) -> Float64:
    """Return the variance that users' histories leave open in their ratings of items, float64 (n,).

    It is ``xᵀ C x``, averaged over samples, with x the numbers of the item and C the covariance of
    the user's given its history. C is found here, user by user: kept from the fold-in on, it would
    cost samples × (factors + 1)² numbers a user, which most who fold users in never ask for.
    ``cold`` says which items have no ratings: their x varies, too.
    """
    found = np.empty(len(user_idx))
    prior = 1 / samples.precisions[1, :, 1:].astype(np.float64)
    for user in np.unique(user_idx).tolist():
        at = np.flatnonzero(user_idx == user)
        inverse = np.linalg.inv(system(samples, history, user, 0.0)[0])
        covariance = inverse / samples.noise.astype(np.float64)[:, None, None]
        x = facing(samples.items[item_idx[at]]).transpose(1, 0, 2)
        parts = np.sum(x @ covariance * x, axis=2)
        varied = np.einsum("skk,sk->s", covariance[:, 1:, 1:], prior)
        found[at] = np.mean(parts + varied[:, None] * cold[item_idx[at]], axis=0)
    return found
