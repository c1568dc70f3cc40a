"""Inverse-propensity weights: what is popular is seen more often, and is counted less for it."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Float32, Interactions


def propensity_weights(train: Interactions, power: float) -> Float32:
    """Return the weight of each training row, float32 (n,), proportional to ``count ** -power``.

    ``count`` is the training rows of the row's item. The row's own weight, where the data give one,
    multiplies it, and the mean stays what it was: 1 where they give none. So with ``power`` 0 a
    column of weights, such as inverse propensities that were measured, is returned as it is.

    Parameters
    ----------
    train : Interactions
        Not empty.
    power : float
        From 0 (no popularity term) to 1 (all items count the same in total).

    References
    ----------
    Schnabel et al., Recommendations as treatments: debiasing learning and evaluation, ICML 2016.
    Yang et al., Unbiased offline recommender evaluation for missing-not-at-random implicit
    feedback, RecSys 2018 (the power of popularity).
    """
    given = np.ones(len(train)) if train.weight is None else train.weight.astype(np.float64)
    weights = given * train.item_counts[train.item_idx] ** -float(power)
    scaled: Float32 = (weights * (given.sum() / weights.sum())).astype(np.float32)
    return scaled


def item_weights(train: Interactions, weights: Float32) -> Float32:
    """Return what :func:`propensity_weights` makes of a weight of 1, float32 (n_items,).

    It is what an interaction of a new user counts; 0 for an item without training interactions.
    """
    of_items = np.zeros(train.n_items, np.float32)
    given = np.float32(1) if train.weight is None else train.weight
    of_items[train.item_idx] = weights / given
    return of_items
