"""Item-item neighbours by BM25 weights and the library ``implicit``."""

from __future__ import annotations

from typing import Any

from pydantic import Field, NonNegativeFloat

from recsys_cli.models._implicit import ItemItemConfig, ItemItemModel


class ImplicitBM25Config(ItemItemConfig):
    """Parameters of implicit's BM25Recommender; the defaults are the library's."""

    k1: NonNegativeFloat = 1.2
    """Where repeated consumption saturates (``K1``); 0 counts a pair once, whatever its value."""
    b: float = Field(0.75, ge=0, le=1)
    """How far items are held to the average total of values (``B``); 0 not at all."""


class ImplicitBM25(ItemItemModel[ImplicitBM25Config]):
    """Score = Σ_j v_uj s_ji, with s the product of items' columns weighted by BM25, by implicit.

    An item is a document and a user a term: value v becomes
    ``v (k1 + 1) / (k1 (1 - b + b L_i / mean L) + v) · log(n_items / (1 + n_u))``, with ``L_i`` the
    item's sum of values and ``n_u`` the items of the user. Columns are not normalised afterwards,
    so popular items are near to many. The history counts by its plain values. Take it when the
    library's own numbers are wanted: ``item-knn`` with ``target: implicit``, ``lists: history``,
    ``similarity: dot`` and ``weighting: bm25`` ranks as it does, and can normalise the columns too
    (``similarity: cosine``).

    References
    ----------
    Robertson and Zaragoza, The probabilistic relevance framework: BM25 and beyond, Foundations and
    Trends in Information Retrieval 2009. Frederickson, implicit: fast Python collaborative
    filtering for implicit datasets.
    """

    def _weigh(self, nearest: Any, values: Any) -> Any:
        return nearest.bm25_weight(values, self.config.k1, self.config.b)
