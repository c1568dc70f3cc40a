"""How likely each held-out pair was to be held out, and so what it stands for.

References
----------
Schnabel et al., "Recommendations as treatments: debiasing learning and evaluation", ICML 2016. Yang
et al., "Unbiased offline recommender evaluation for missing-not-at-random implicit feedback",
RecSys 2018 (a power of popularity). Horvitz and Thompson, "A generalization of sampling without
replacement from a finite universe", JASA 47, 1952.
"""

from __future__ import annotations

import numpy as np

from recsys_cli.data import CSR, Float64, Int32, Int64, concatenate
from recsys_cli.errors import DataError
from recsys_cli.heldout import HeldOut
from recsys_cli.metrics._context import Weights
from recsys_cli.spec import PropensitySpec


def weigh(part: HeldOut, spec: PropensitySpec) -> Weights:
    """Return what the held-out pairs of candidates weigh; of a pair held out twice, the first row.

    Raises
    ------
    DataError
        If the weights are to be those of the data, and they have none.
    """
    n_items = part.pairs.n_items
    keys, rows = np.unique(part.pair_at * n_items + part.pairs.item_idx, return_index=True)
    new = part.candidates[part.pairs.item_idx[rows]] & ~np.isin(keys, _keys(part.seen))
    keys, rows = keys[new], rows[new]
    at, item = part.pair_at[rows], part.pairs.item_idx[rows]
    seen = np.bincount(part.seen.row_of(), part.candidates[part.seen.indices], len(part.users))
    n_open = np.count_nonzero(part.candidates) - seen.astype(np.int64)
    if spec.source == "weights":
        weight = _given(part, rows)
    else:
        weight = _by_popularity(part, at, item, spec.power)
    even = n_open / np.maximum(np.bincount(at, minlength=len(n_open)), 1)
    most = np.inf if spec.clip == 0 else even[at] / spec.clip
    weight = np.minimum(weight, most)
    wanted = _keys(part.relevant)
    place = np.searchsorted(keys, wanted)
    found = np.append(keys, -1)[place] == wanted
    relevant = np.where(found, np.append(weight, 0)[place], 0.0)
    return Weights(weight, at, relevant, n_open)


def _by_popularity(part: HeldOut, at: Int64, item: Int32, power: float) -> Float64:
    """Return the weights if each user's pairs were drawn from what was open by popularity.

    The one added to each count keeps an item without training interactions from having no chance.
    """
    share = (part.item_counts + 1.0) ** power
    share[~part.candidates] = 0
    seen = np.bincount(part.seen.row_of(), share[part.seen.indices], len(part.users))
    drawn = np.bincount(at, minlength=len(part.users))
    # What is left is no less than the pair itself, whatever rounding says.
    left = np.maximum((share.sum() - seen)[at], share[item])
    return np.asarray(np.maximum(left / (drawn[at] * share[item]), 1.0))


def _given(part: HeldOut, rows: Int64) -> Float64:
    """Return the weights from those of the data, which are known up to a factor.

    A weight is one over the chance of a pair to be observed at all; over all rows such weights add
    up to the number of all pairs, which gives the factor. Observed rows were then held out by
    chance, and what was not held out is known and no longer open: of the pairs that are open, one
    with the chance q is held out with the chance ``q h / (1 - q (1 - h))``, h the share held out.
    A user of whom nothing was held out is not in the part, and those who are stand for them too.
    """
    if part.pairs.weight is None:
        raise DataError(
            "the data have no weights to take propensities from",
            where="evaluation.propensity",
            hint="name the column in dataset.propensity, or take source: popularity",
        )
    everything = concatenate([*part.known, part.pairs])
    assert everything.weight is not None
    n_pairs = everything.n_users * everything.n_items
    inverse = part.pairs.weight[rows] * (n_pairs / everything.weight.sum(dtype=np.float64))
    held = len(part.pairs) / len(everything)
    asked = len(part.users) / np.count_nonzero(everything.user_counts)
    return np.asarray(asked * np.maximum((inverse - (1 - held)) / held, 1.0))


def _keys(matrix: CSR) -> Int64:
    return np.asarray(matrix.row_of() * matrix.n_cols + matrix.indices)
