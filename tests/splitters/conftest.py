"""A dataset around interactions, and random small ones."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from recsys_cli.data import Dataset, DatasetInfo, Interactions
from tests.conftest import interactions

INFO = DatasetInfo("toy", "toy data", "none", "none", "0")


def dataset(data: Interactions, **parts) -> Dataset:
    return Dataset(data, INFO, **parts)


@st.composite
def datasets(draw) -> Dataset:
    """Distinct pairs of up to 8 users and 12 items with few distinct times, in any order."""
    pairs = draw(
        st.lists(st.tuples(st.integers(0, 7), st.integers(0, 11)), min_size=6, unique=True)
    )
    times = draw(st.lists(st.integers(0, 9), min_size=len(pairs), max_size=len(pairs)))
    rows = [(user, item, 1.0, time) for (user, item), time in zip(pairs, times, strict=True)]
    return dataset(interactions(rows, (8, 12)))


def keys(part: Interactions | None) -> set[int]:
    return set() if part is None else set(part.pair_key.tolist())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)
