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

from recsys_cli import threads
from recsys_cli.data import CSR, Float64, Int32, Int64, Interactions, concatenate
from recsys_cli.errors import DataError
from recsys_cli.heldout import HeldOut, contains
from recsys_cli.metrics._context import Weights
from recsys_cli.spec import PropensitySpec

#: Users that one thread looks at before it takes the next.
_ROWS = 8192


def weigh(part: HeldOut, spec: PropensitySpec) -> Weights:
    """Return what the held-out pairs of candidates weigh; of a pair held out twice, the first row.

    Raises
    ------
    DataError
        If the weights are to be those of the data, and they have none.
    """
    n_items = part.pairs.n_items
    keys, rows = np.unique(part.pair_at * n_items + part.pairs.item_idx, return_index=True)
    new = part.candidates[part.pairs.item_idx[rows]] & ~contains(_keys(part.seen), keys)
    keys, rows = keys[new], rows[new]
    at, item = part.pair_at[rows], part.pairs.item_idx[rows]
    seen = _seen_sum(part, part.candidates.astype(np.float64))
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


def require_weights(data: Interactions) -> None:
    """Raise DataError if the data have no weights, which are then no propensities either."""
    if data.weight is None:
        raise DataError(
            "the data have no weights to take propensities from",
            where="evaluation.propensity",
            hint="name the column in dataset.propensity, or take source: popularity",
        )


def _by_popularity(part: HeldOut, at: Int64, item: Int32, power: float) -> Float64:
    """Return the weights if each user's pairs were drawn from what was open by popularity.

    The one added to each count keeps an item without training interactions from having no chance.
    """
    share = np.asarray((part.item_counts + 1.0) ** power, np.float64)
    share[~part.candidates] = 0
    drawn = np.bincount(at, minlength=len(part.users))
    # What is left is no less than the pair itself, whatever rounding says.
    left = np.maximum((share.sum() - _seen_sum(part, share))[at], share[item])
    return np.asarray(np.maximum(left / (drawn[at] * share[item]), 1.0))


def _given(part: HeldOut, rows: Int64) -> Float64:
    """Return the weights from those of the data, which are known up to a factor.

    A weight is one over the chance of a pair to be observed at all; over all rows such weights add
    up to the number of all pairs, which gives the factor. Observed rows were then held out by
    chance, and what was not held out is known and no longer open: of the pairs that are open, one
    with the chance q is held out with the chance ``q h / (1 - q (1 - h))``, h the share held out.
    A user of whom nothing was held out is not in the part, and those who are stand for them too.
    """
    require_weights(part.pairs)
    everything = concatenate([*part.known, part.pairs])
    assert part.pairs.weight is not None and everything.weight is not None
    n_pairs = everything.n_users * everything.n_items
    inverse = part.pairs.weight[rows] * (n_pairs / everything.weight.sum(dtype=np.float64))
    held = len(part.pairs) / len(everything)
    asked = len(part.users) / np.count_nonzero(everything.user_counts)
    return np.asarray(asked * np.maximum((inverse - (1 - held)) / held, 1.0))


def _seen_sum(part: HeldOut, value: Float64) -> Float64:
    """Return the sum of ``value``, float64 (n_items,), over what each user is known for."""
    from recsys_cli.kernels.lists import sum_pairs

    out = np.empty(len(part.users))
    threads.map_blocks(
        lambda start, stop: sum_pairs(start, stop, *part.seen[:2], value, out), len(out), _ROWS
    )
    return out


def _keys(matrix: CSR) -> Int64:
    return np.asarray(matrix.row_of() * matrix.n_cols + matrix.indices)
