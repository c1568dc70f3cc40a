"""The random ranking: its own for each user, the same however users are batched."""

from __future__ import annotations

import numpy as np

from recsys_cli.models.random import Random
from recsys_cli.seeding import generator


def test_folded_in_users_are_ranked_by_their_history_not_by_their_row(ratings):
    model = Random().fit(ratings, rng=generator(1, "model"))
    everyone = model.fold_in(ratings.csr).score(np.arange(80, dtype=np.int32))
    alone = model.fold_in(ratings.csr.rows(np.array([7]))).score(np.zeros(1, np.int32))
    assert np.array_equal(everyone[7], alone[0])
    assert not np.array_equal(everyone[7], everyone[8])
