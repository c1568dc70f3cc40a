"""User neighbourhoods against dense NumPy, and against item neighbourhoods turned round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.models.item_knn import ItemKNN
from recsys_cli.models.user_knn import UserKNN

NO_CHANCE = np.random.default_rng(0)
EVERYONE = np.arange(80, dtype=np.int32)


def turned(data):
    users, items = data.item_idx, data.user_idx
    return replace(data, users=data.items, items=data.users, user_idx=users, item_idx=items)


@pytest.mark.parametrize(
    "parameters",
    [
        {"neighbours": 9},
        {"similarity": "jaccard", "shrinkage": 3.0, "amplification": 1.5},
        {"similarity": "pearson"},
        {"weighting": "tf-idf", "neighbours": 5},
        {"similarity": "dot", "weighting": "bm25"},
    ],
)
def test_is_item_knn_with_users_and_items_exchanged(ratings, parameters):
    ours = UserKNN(target="implicit", **parameters).fit(ratings, rng=NO_CHANCE)
    other = ItemKNN(target="implicit", **parameters).fit(turned(ratings), rng=NO_CHANCE)
    expected = other.score(np.arange(60, dtype=np.int32)).T
    np.testing.assert_allclose(ours.score(EVERYONE), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("similarity", "centre"), [("pearson", "user"), ("adjusted-cosine", "item")]
)
def test_ratings_follow_the_formula(ratings, similarity, centre):
    config = {"shrinkage": 2.0, "amplification": 1.0, "damping": 0.0, "k": 5, "neighbours": 20}
    model = UserKNN(similarity=similarity, **config).fit(ratings, rng=NO_CHANCE)
    r = np.full((80, 60), np.nan)
    r[ratings.user_idx, ratings.item_idx] = ratings.value
    rated = ~np.isnan(r)
    b = model.mean_ + model.user_bias_[:, None] + model.item_bias_.astype(float)
    for u in (0, 17, 79):
        s = np.zeros(80)
        for v in np.delete(np.arange(80), u):
            both = rated[u] & rated[v]
            if centre == "user":
                x, y = r[u, both] - r[u, both].mean(), r[v, both] - r[v, both].mean()
            else:
                x, y = ((r - np.nanmean(r, axis=0))[w, both] for w in (u, v))
            size = np.sqrt((x @ x) * (y @ y))
            s[v] = max(0, x @ y / size) * both.sum() / (both.sum() + 2) if size > 1e-9 else 0
        s[np.argsort(-s)[20:]] = 0
        expected = b[u].copy()
        for i in range(60):
            near = np.argsort(-s * rated[:, i])[:5]
            weight = s[near] * rated[near, i]
            if weight.any():
                expected[i] += weight @ np.nan_to_num(r - b)[near, i] / weight.sum()
        np.testing.assert_allclose(model.score(EVERYONE)[u], expected, atol=1e-4)


@pytest.mark.parametrize("target", ["ratings", "implicit"])
def test_strangers_find_trained_users_and_those_never_themselves(ratings, target):
    known = ratings.take(ratings.user_idx < 70)
    model = UserKNN(target=target, neighbours=12).fit(known, rng=NO_CHANCE)
    strangers = ratings.csr.rows(np.arange(70, 80))
    folded = model.fold_in(strangers)
    assert (folded.user_itself_ == -1).all()
    poll = folded._poll(np.arange(10, dtype=np.int32))
    assert poll.rows.indices.max() < 70
    assert (np.diff(poll.rows.indptr) == 12).all()
    own = model._poll(EVERYONE[:70]).rows
    voter = np.repeat(np.arange(70), np.diff(own.indptr))
    assert (voter != own.indices).all()
