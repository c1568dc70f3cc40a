"""Item-item neighbours by tf-idf weights and the library ``implicit``."""

from __future__ import annotations

from typing import Any

from recsys_cli.models._implicit import ItemItemConfig, ItemItemModel


class ImplicitTFIDFConfig(ItemItemConfig):
    """Parameters of implicit's TFIDFRecommender; the default is the library's."""


class ImplicitTFIDF(ItemItemModel[ImplicitTFIDFConfig]):
    """Score = Σ_j v_uj s_ji, with s the cosine of items' columns weighted by tf-idf, by implicit.

    An item is a document and a user a term: value v becomes ``sqrt(v) · log(n_items / (1 + n_u))``,
    with ``n_u`` the items of the user, so that users who take everything say little; then as
    ``implicit-cosine``. The history counts by its plain values. An item whose users all took every
    item but one has no direction, and no neighbours here. Take it when the library's own numbers
    are wanted: ``item-knn`` with ``target: implicit``, ``lists: history``, ``weighting: tf-idf``
    ranks as it does, and can keep the nearest of the item that is scored instead.

    References
    ----------
    Salton and Buckley, Term-weighting approaches in automatic text retrieval, Information
    Processing and Management 1988. Frederickson, implicit: fast Python collaborative filtering for
    implicit datasets.
    """

    def _weigh(self, nearest: Any, values: Any) -> Any:
        return nearest.normalize(nearest.tfidf_weight(values))
