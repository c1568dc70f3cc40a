"""Hold out whole items: what nobody has interacted with in training (cold start of items)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_cli.data import Dataset
from recsys_cli.splitters._base import Rows, Splitter, SplitterConfig
from recsys_cli.splitters._draw import Share, ShareOrNone


class ItemHoldoutConfig(SplitterConfig):
    """Parameters of :class:`ItemHoldout`."""

    test: Share = 0.1
    """Share of the items whose interactions are all in the test part."""
    validation: ShareOrNone = 0.0
    """Share of the remaining items whose interactions are all in the validation part; 0 makes
    none."""


class ItemHoldout(Splitter[ItemHoldoutConfig]):
    """Test on items that training never saw; only a model that reads features can rank them.

    Rank them with ``evaluation.candidates: all``, since the default candidates are the items of the
    training part.
    """

    def rows(self, dataset: Dataset, rng: np.random.Generator) -> Iterator[Rows]:
        """Yield one split. The validation share never moves the test items."""
        data, config = dataset.interactions, self.config
        items = rng.permutation(np.flatnonzero(data.item_counts))
        n_test = round(config.test * len(items))
        n_validation = round(config.validation * (len(items) - n_test))
        test, validation = np.zeros((2, data.n_items), np.bool_)
        test[items[:n_test]] = True
        validation[items[n_test : n_test + n_validation]] = True
        yield Rows.divide(
            test[data.item_idx], validation[data.item_idx] if config.validation else None
        )
