"""Whole users, and whole items, held out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys_cli.splitters.item_holdout import ItemHoldout
from recsys_cli.splitters.user_holdout import UserHoldout
from tests.splitters.conftest import dataset, datasets, rng


@given(data=datasets(), history=st.floats(0.05, 0.95), by=st.sampled_from(["random", "time"]))
def test_held_out_users_are_never_trained_on_and_have_a_history(data, history, by):
    splitter = UserHoldout(test=0.4, validation=0.4, history=history, by=by)
    (rows,) = splitter.rows(data, rng())
    user = data.interactions.user_idx
    train, test, validation, known = (
        set(user[part]) for part in (rows.train, rows.test, rows.validation, rows.history)
    )
    assert not train & (test | validation)
    assert not test & validation
    assert known == test | validation


def test_history_is_a_share_of_each_users_rows(ratings):
    (split,) = UserHoldout(test=0.2, history=0.75).split(dataset(ratings), rng())
    held = split.test.user_counts > 0
    assert held.sum() == 16
    known = split.history.user_counts[held] / ratings.user_counts[held]
    assert np.abs(known - 0.75).max() < 0.05


def test_by_time_the_known_part_is_the_earlier(ratings):
    (split,) = UserHoldout(by="time").split(dataset(ratings), rng())
    for user in set(split.test.user_idx):
        known = split.history.timestamp[split.history.user_idx == user]
        assert known.max() < split.test.timestamp[split.test.user_idx == user].min()


def test_a_user_with_one_row_stays_in_training(make):
    data = make([(0, 0, 1), (1, 0, 1), (1, 1, 1), (2, 0, 1), (2, 1, 1)])
    (split,) = UserHoldout(test=0.5).split(dataset(data), rng())
    assert 0 in split.train.user_idx


@given(data=datasets())
def test_held_out_items_are_in_one_part_only(data):
    (rows,) = ItemHoldout(test=0.3, validation=0.3).rows(data, rng())
    item = data.interactions.item_idx
    train, test, validation = (set(item[part]) for part in (rows.train, rows.test, rows.validation))
    assert not (train & test or train & validation or test & validation)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_share_of_the_items_is_held_out(ratings, share):
    (split,) = ItemHoldout(test=share).split(dataset(ratings), rng())
    assert np.count_nonzero(split.test.item_counts) == round(share * 60)
