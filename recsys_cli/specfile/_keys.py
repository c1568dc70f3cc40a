"""Which keys may stand where in a spec, and which of them a misspelt one means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from recsys_cli.registry import Config, Named, Registry
from recsys_cli.search import RangeSpec
from recsys_cli.spec import DatasetSpec, ExperimentSpec
from recsys_cli.specfile._node import Path

#: The Config of a block, and the registry that names it if it is a component.
_Block = tuple[type[Config] | None, Registry[Any] | None]

#: Keys of a spec that belong to no Config of the block where they stand.
_BESIDE: dict[Path, list[str]] = {(): ["extends"], ("dataset",): ["prepare"]}


def registry_at(root: type[Config], document: Any, path: Path) -> Registry[Any] | None:
    """Return the registry that names the component at ``path``, if one should stand there."""
    return _block(root, document, path)[1]


def known_keys(root: type[Config], document: Any, path: Path) -> list[str]:
    """Return the keys that the block at ``path`` may have, required ones first."""
    config, registry = _block(root, document, path)
    extra = ["name"] if registry else []
    if root is ExperimentSpec:
        extra += _BESIDE.get(path, [])
    fields = config.model_fields if config else {}
    return [*sorted(fields, key=lambda name: not fields[name].is_required()), *extra]


def _block(root: type[Config], document: Any, path: Path) -> _Block:
    """Follow ``path`` from the root of a document, through whatever components it names."""
    config: type[Config] | None = root
    registry: Registry[Any] | None = None
    for length, step in enumerate(path, 1):
        document = document[step]
        if config is RangeSpec:  # under the key that it is a range for
            continue
        if isinstance(step, str):
            if root is ExperimentSpec and path[:length] == ("dataset", "prepare"):
                config = DatasetSpec
            config, registry = _field(config, step)
            if config is DatasetSpec:  # its loader's parameters stand beside ``prepare``
                config, registry = _field(config, "loader")
        if registry is not None and isinstance(document, dict):
            config = _config(registry, document.get("name"))
    return config, registry


def _config(registry: Registry[Any], name: Any) -> type[Config] | None:
    config: type[Config] | None = registry.get(name).Config if name in registry.names() else None
    return config


def _field(config: type[Config] | None, key: str) -> _Block:
    """Return which block a field, or an item of it, is."""
    field = config.model_fields.get(key) if config else None
    if field is None:
        return None, None
    parts = [*field.metadata, *_parts(field.annotation)]
    configs = (part for part in parts if isinstance(part, type) and issubclass(part, Config))
    registries = (part.registry for part in parts if isinstance(part, Named))
    return next(configs, None), next(registries, None)


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield every type and mark within an annotation."""
    yield annotation
    for part in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        yield from _parts(part)


def nearest(key: str, known: Iterable[str]) -> str | None:
    """Return the known key that a misspelt one most likely means, if any is near enough.

    Fewest edits count first, so that one wrong letter is found even in a key of one letter (equally
    few: a doubled letter before any other mistake, then equal lengths); then what the two have in
    common, which finds abbreviations.
    """
    folded = {_fold(name): name for name in known}
    word = _fold(key)
    edits, *_, best = min(
        (_distance(word, name), _once(word) != _once(name), abs(len(word) - len(name)), order, name)
        for order, name in enumerate([*folded, ""])
    )
    if edits <= max(1, len(key) // 3) and best:
        return folded[best]
    alike = difflib.get_close_matches(word, folded, n=1)
    return folded[alike[0]] if alike else None


def _fold(key: str) -> str:
    return key.lower().replace("-", "_")


def _once(word: str) -> str:
    """Return the word with each doubled letter written once."""
    return re.sub(r"(.)\1+", r"\1", word)


def _distance(a: str, b: str) -> int:
    """Return the edits from a to b: letters dropped, added, replaced, or swapped with the next."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and other == a[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
