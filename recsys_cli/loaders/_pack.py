"""Dataset ↔ bytes that can be mapped into memory: a JSON document of all that is text, and arrays.

The document's checksum of 4 bytes and its length in 8 come first, then the document, which has the
checksums of the arrays, then these, each from a multiple of 64 bytes on.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli import threads
from recsys_cli.data import Dataset, DatasetInfo, Features, IdMap, Interactions, SideFeatures

_ARRAYS = ("user_idx", "item_idx", "value", "timestamp", "weight")
#: What is long in counting, and so is kept.
_COUNTS = ("user_counts", "item_counts")
_CHECKSUM, _LENGTH, _ALIGNMENT = 4, 8, 64
#: Bytes that one checksum is of: so few that all threads have some.
_PIECE = 1 << 24


def pack(dataset: Dataset) -> Iterator[bytes | memoryview]:
    """Yield the parts of what :func:`unpack` restores exactly; nothing large is copied."""
    arrays = {name: np.ascontiguousarray(array) for name, array in _arrays(dataset)}
    text = json.dumps(_document(dataset, arrays), allow_nan=False).encode()
    yield zlib.crc32(text).to_bytes(_CHECKSUM, "little")
    yield len(text).to_bytes(_LENGTH, "little")
    yield text
    at = _CHECKSUM + _LENGTH + len(text)
    for array in arrays.values():
        yield bytes(-at % _ALIGNMENT)
        yield array.view(np.uint8).data
        at += -at % _ALIGNMENT + array.nbytes


def _arrays(dataset: Dataset) -> Iterator[tuple[str, NDArray[Any]]]:
    data = dataset.interactions
    for name in _ARRAYS:
        if getattr(data, name) is not None:
            yield name, getattr(data, name)
    yield from ((name, getattr(data, name)) for name in _COUNTS)
    yield from ((f"fold/{name}", labels) for name, labels in dataset.folds.items())
    for side, features in _sides(dataset.features):
        yield from ((f"{side}/{name}", column) for name, column in features.numeric.items())


def _checksums(arrays: Iterable[NDArray[Any]]) -> list[int]:
    views = [array.view(np.uint8).data for array in arrays]
    pieces = [view[at : at + _PIECE] for view in views for at in range(0, len(view), _PIECE)]
    return threads.map_blocks(lambda at, _: zlib.crc32(pieces[at]), len(pieces), 1)


def _document(dataset: Dataset, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    data = dataset.interactions
    layout = [[name, array.dtype.str, len(array)] for name, array in arrays.items()]
    return {
        "info": asdict(dataset.info),
        "users": data.users.ids,
        "items": data.items.ids,
        "scale": data.scale,
        "n_repeated": data.n_repeated,
        "titles": dataset.titles,
        "folds": list(dataset.folds),
        "features": {
            side: [features.categorical, features.multilabel, list(features.numeric)]
            for side, features in _sides(dataset.features)
        },
        "arrays": layout,
        "checksums": _checksums(arrays.values()),
    }


def _sides(features: SideFeatures) -> Iterator[tuple[str, Features]]:
    for side, found in features._asdict().items():
        if found is not None:
            yield side, found


def unpack(packed: Any) -> Dataset:
    """Return the dataset that was packed; its arrays are views of the buffer.

    Parameters
    ----------
    packed : buffer
        Writable, because kernels take arrays over one that is not for another type.

    Raises
    ------
    ValueError
        If the bytes are not those that :func:`pack` yielded.
    """
    view, start = memoryview(packed), _CHECKSUM + _LENGTH
    stop = start + int.from_bytes(view[_CHECKSUM:start], "little")
    text = bytes(view[start:stop])
    if not text or zlib.crc32(text) != int.from_bytes(view[:_CHECKSUM], "little"):
        raise ValueError("the checksum of the text differs")
    document = json.loads(text)
    arrays = dict(_views(view, stop, document["arrays"]))
    if _checksums(arrays.values()) != document["checksums"]:
        raise ValueError("a checksum of the arrays differs")
    interactions = _interactions(document, arrays)
    return Dataset(
        interactions,
        DatasetInfo(**document["info"]),
        document["titles"],
        _features(document, arrays, {"users": interactions.users, "items": interactions.items}),
        {name: arrays[f"fold/{name}"] for name in document["folds"]},
    )


def _interactions(document: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Interactions:
    found = Interactions(
        IdMap(document["users"]),
        IdMap(document["items"]),
        arrays["user_idx"],
        arrays["item_idx"],
        arrays["value"],
        timestamp=arrays.get("timestamp"),
        weight=arrays.get("weight"),
        scale=document["scale"] and tuple(document["scale"]),
    )
    vars(found)["n_repeated"] = document["n_repeated"]
    vars(found).update({name: arrays[name] for name in _COUNTS})
    return found


def _features(
    document: dict[str, Any], arrays: dict[str, NDArray[Any]], maps: dict[str, IdMap]
) -> SideFeatures:
    sides = {
        side: Features(
            maps[side],
            categorical,
            {name: [tuple(v) for v in column] for name, column in multilabel.items()},
            {name: arrays[f"{side}/{name}"] for name in numeric},
        )
        for side, (categorical, multilabel, numeric) in document["features"].items()
    }
    return SideFeatures(**sides)


def _views(
    view: memoryview, at: int, layout: list[tuple[str, str, int]]
) -> Iterator[tuple[str, NDArray[Any]]]:
    for name, dtype, length in layout:
        at += -at % _ALIGNMENT
        array = np.frombuffer(view, dtype, length, at)
        yield name, array
        at += array.nbytes
