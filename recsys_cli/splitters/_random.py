"""Drawing a share of the interactions: what ``random`` does once and ``repeated-random`` often."""

from __future__ import annotations

import numpy as np

from recsys_cli.data import Bool, Interactions
from recsys_cli.splitters._base import SplitterConfig
from recsys_cli.splitters._draw import Share, ShareOrNone, draw, draw_validation, rows_after


class SharesConfig(SplitterConfig):
    """How much is drawn, and from what."""

    test: Share = 0.2
    """Share of the interactions in the test part."""
    validation: ShareOrNone = 0.0
    """Share of the remaining interactions in the validation part; 0 makes none."""
    per_user: bool = False
    """Draw the shares from each user's interactions instead of from all."""


def draw_parts(
    data: Interactions, config: SharesConfig, rng: np.random.Generator
) -> tuple[Bool, Bool | None]:
    """Return the masks of the test and of the validation part; no share of it, no second mask."""
    if config.per_user:
        return _per_user(data, config, rng)
    test = draw(np.ones(len(data), np.bool_), config.test, rng)
    return test, draw_validation(test, config.validation, rng)


def _per_user(
    data: Interactions, config: SharesConfig, rng: np.random.Generator
) -> tuple[Bool, Bool | None]:
    after = rows_after(rng.permutation(len(data)), data.user_idx)
    counts = data.user_counts
    n_test = np.minimum(np.floor(config.test * counts + 0.5), counts - 1)
    left = counts - n_test
    n_held = n_test + np.minimum(np.floor(config.validation * left + 0.5), left - 1)
    test = after < n_test[data.user_idx]
    held = after < n_held[data.user_idx]
    return test, held & ~test if config.validation else None
