from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from recsys_cli import threads
from recsys_cli.models._pairwise import _minimise, _quantiles
from recsys_cli.models._sgd import group_count, random_groups, sweep
from recsys_cli.models.bpr import BPR
from recsys_cli.models.implicit_bpr import ImplicitBPR


def rng():
    return np.random.default_rng(11)


@pytest.fixture
def two_tastes(make):
    """80 users who take half of the 40 items of their own kind, and no other; (train, test)."""
    draw = np.random.default_rng(6)
    rows = [
        (user, item + 20 * (user % 2), 1.0)
        for user in range(80)
        for item in draw.choice(20, 10, replace=False).tolist()
    ]
    return make(rows, (80, 40))


def own_kind(model, users):
    """Return the share of own-kind items among the ten best of each user."""
    items, _ = model.recommend(np.arange(users, dtype=np.int32), 10)
    return float(np.mean(items // 20 == np.arange(users)[:, None] % 2))


@pytest.mark.parametrize("negatives", ["uniform", "popular", "hard"])
def test_it_learns_tastes(two_tastes, negatives):
    model = BPR(factors=4, epochs=60, negatives=negatives).fit(two_tastes, rng=rng())
    assert own_kind(model, 80) > 0.98


@pytest.mark.parametrize("cls", [BPR, ImplicitBPR])
def test_new_users_are_folded_in_by_their_taste(two_tastes, cls):
    model = cls(factors=4, epochs=100).fit(two_tastes, rng=rng())
    few = two_tastes.csr.rows(np.arange(6))
    assert own_kind(model.fold_in(few), 6) > 0.98


def test_the_loss_is_that_of_pairs_and_falls(two_tastes):
    losses = []
    BPR(factors=4, epochs=40).fit(
        two_tastes, rng=rng(), on_epoch=lambda m, e, loss: losses.append(loss)
    )
    assert losses[0] == pytest.approx(np.log(2), abs=0.05)
    assert losses[-1] < 0.3


@pytest.mark.parametrize("negatives", ["uniform", "popular", "hard"])
def test_same_bits_at_any_thread_count_over_many_blocks(make, negatives):
    cells = np.random.default_rng(8).choice(900 * 600, 160_000, replace=False)
    rows = [(cell // 600, cell % 600, 1.0) for cell in cells.tolist()]
    data, found = make(rows, (900, 600)), []
    for count in (1, 2, 3, 8):
        with threads.use(count):
            model = BPR(factors=8, epochs=2, negatives=negatives).fit(data, rng=rng())
            found.append(model.arrays())
    for other in found[1:]:
        assert all(np.array_equal(found[0][key], other[key]) for key in other)


def test_a_user_who_took_everything_teaches_nothing_and_breaks_nothing(make):
    data = make([(0, i, 1.0) for i in range(5)], (1, 5))
    model = BPR(factors=3, epochs=2).fit(data, rng=rng())
    assert not model.item_bias_.any()
    assert np.isfinite(model.fold_in(data.csr).user_factors_).all()


def test_one_candidate_is_no_choice(two_tastes):
    hard = BPR(factors=4, epochs=3, negatives="hard", candidates=1).fit(two_tastes, rng=rng())
    uniform = BPR(factors=4, epochs=3).fit(two_tastes, rng=rng())
    np.testing.assert_array_equal(hard.item_factors_, uniform.item_factors_)


def test_cold_items_are_never_drawn(make):
    rows = [(u, i, 1.0) for u in range(30) for i in range(20) if (u + i) % 3]
    model = BPR(factors=3, epochs=5).fit(make(rows, (30, 25)), rng=rng())
    assert not model.item_factors_[20:].any()
    assert not model.item_bias_[20:].any()


def test_fold_in_steps_reach_the_minimum():
    draw = np.random.default_rng(1)
    taken, others = draw.normal(size=(12, 5)), draw.normal(size=(40, 5))
    b_taken, b_others = draw.normal(size=12), draw.normal(size=40)

    def loss(p):
        margin = (taken @ p + b_taken)[:, None] - (others @ p + b_others)
        return np.logaddexp(0, -margin).mean() + 0.05 * p @ p

    found = _minimise(taken, others, b_taken, b_others, 0.1)
    assert loss(found) == pytest.approx(minimize(loss, np.zeros(5)).fun, abs=1e-4)


def test_quantiles_are_all_items_of_few_and_the_weighty_of_many():
    assert _quantiles(np.array([1.0, 0, 1, 1])).tolist() == [0, 2, 3]
    weights = np.full(10_000, 1e-6)
    weights[[3, 500]] = 1.0
    assert {3, 500} <= set(_quantiles(weights).tolist())


def test_groups_grow_with_the_data_and_keep_items_to_choose_from():
    assert group_count(2_000, 80, 60, 64) == 1
    assert group_count(10**7, 10**6, 10**4, 64) == 8
    assert 60 < group_count(10**8, 10**6, 10**5, 64) < group_count(10**8, 10**6, 10**5, 128) < 200
    assert group_count(10**7, 10**6, 40, 64) == 2
    sizes = np.bincount(random_groups(103, 16, rng()))
    assert set(sizes.tolist()) == {6, 7}


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_a_sweep_runs_every_block_once(count):
    ran = []
    with threads.use(count):
        sweep(lambda start, stop, d: ran.extend((g, d) for g in range(start, stop)), 5, rng())
    assert sorted(ran) == [(g, d) for g in range(5) for d in range(5)]
