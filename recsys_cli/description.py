"""Statistics of a dataset: what one looks at before training on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from recsys_cli.data import Dataset


def describe(dataset: Dataset) -> dict[str, Any]:
    """Return JSON-able facts of a dataset: size, density, values, activity, time."""
    data, info = dataset.interactions, dataset.info
    facts: dict[str, Any] = {
        "name": info.name,
        "description": info.description,
        "licence": info.licence,
        "synthetic": info.synthetic,
        "interactions": len(data),
        "users": int((data.user_counts > 0).sum()),
        "items": int((data.item_counts > 0).sum()),
        "items_without_interactions": int((data.item_counts == 0).sum()),
        "skipped_rows": info.skipped,
        "repeated_pairs": data.n_repeated,
    }
    if not len(data):
        return facts
    facts["density"] = round(len(data) / (facts["users"] * facts["items"]), 6)
    facts["scale"] = data.scale
    facts["value_mean"] = round(float(data.value.mean(dtype=np.float64)), 4)
    facts["value_std"] = round(float(data.value.std(dtype=np.float64)), 4)
    facts |= _spread("per_user", data.user_counts) | _spread("per_item", data.item_counts)
    facts["top_tenth_of_items_share"] = _top_share(data.item_counts)
    if data.timestamp is not None:
        facts["first"] = _day(data.timestamp.min())
        facts["last"] = _day(data.timestamp.max())
    if dataset.folds:
        facts["folds"] = sorted(dataset.folds)
    for kind, features in zip(("user", "item"), dataset.features, strict=True):
        facts[f"{kind}_feature_columns"] = len(features.columns) if features else 0
    return facts


def _spread(label: str, counts: Any) -> dict[str, Any]:
    there = counts[counts > 0]
    low, middle, high = np.percentile(there, [0, 50, 100])
    return {f"{label}_min": int(low), f"{label}_median": float(middle), f"{label}_max": int(high)}


def _top_share(counts: Any) -> float:
    there = np.sort(counts[counts > 0])[::-1]
    return round(float(there[: max(1, len(there) // 10)].sum() / there.sum()), 4)


def _day(seconds: Any) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
