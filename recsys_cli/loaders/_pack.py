"""Dataset ↔ one string of bytes: a checksum, arrays, and a JSON document for all that is text."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import Dataset, DatasetInfo, Features, IdMap, Interactions, SideFeatures

_ARRAYS = ("user_idx", "item_idx", "value", "timestamp", "weight")


def pack(dataset: Dataset) -> bytes:
    """Return the dataset as bytes that :func:`unpack` restores exactly."""
    from safetensors.numpy import save

    data = dataset.interactions
    arrays = {name: getattr(data, name) for name in _ARRAYS if getattr(data, name) is not None}
    arrays |= {f"fold/{name}": labels for name, labels in dataset.folds.items()}
    for side, features in _sides(dataset.features):
        arrays |= {f"{side}/{name}": column for name, column in features.numeric.items()}
    document = {
        "info": asdict(dataset.info),
        "users": data.users.ids,
        "items": data.items.ids,
        "scale": data.scale,
        "titles": dataset.titles,
        "folds": list(dataset.folds),
        "features": {
            side: [features.categorical, features.multilabel, list(features.numeric)]
            for side, features in _sides(dataset.features)
        },
    }
    text = json.dumps(document, allow_nan=False).encode()
    body: bytes = save({**arrays, "document": np.frombuffer(text, np.uint8)})
    return zlib.crc32(body).to_bytes(4, "little") + body


def _sides(features: SideFeatures) -> Iterator[tuple[str, Features]]:
    for side, found in features._asdict().items():
        if found is not None:
            yield side, found


def unpack(packed: bytes) -> Dataset:
    """Return the dataset that was packed.

    Raises
    ------
    ValueError
        If the bytes are not those that :func:`pack` returned.
    """
    from safetensors.numpy import load

    body = packed[4:]
    if len(packed) < 5 or zlib.crc32(body) != int.from_bytes(packed[:4], "little"):
        raise ValueError("checksum differs")
    # Copies, because arrays over the bytes would be read-only, which kernels take for another type.
    arrays: dict[str, NDArray[Any]] = {name: a.copy() for name, a in load(body).items()}
    document = json.loads(arrays["document"].tobytes())
    maps = {"users": IdMap(document["users"]), "items": IdMap(document["items"])}
    interactions = Interactions(
        maps["users"],
        maps["items"],
        arrays["user_idx"],
        arrays["item_idx"],
        arrays["value"],
        arrays.get("timestamp"),
        arrays.get("weight"),
        document["scale"] and tuple(document["scale"]),
    )
    features = {
        side: Features(
            maps[side],
            categorical,
            {name: [tuple(v) for v in column] for name, column in multilabel.items()},
            {name: arrays[f"{side}/{name}"] for name in numeric},
        )
        for side, (categorical, multilabel, numeric) in document["features"].items()
    }
    return Dataset(
        interactions,
        DatasetInfo(**document["info"]),
        document["titles"],
        SideFeatures(**features),
        {name: arrays[f"fold/{name}"] for name in document["folds"]},
    )
