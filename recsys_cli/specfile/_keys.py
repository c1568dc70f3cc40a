"""Which keys may stand where in a spec, and which of them a misspelt one means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from recsys_cli.registry import Config, Registry
from recsys_cli.spec import COMPONENTS, ExperimentSpec
from recsys_cli.specfile._node import Path


def registry_at(root: type[Config], path: Path, block: Any) -> Registry[Any] | None:
    """Return the registry that names the component at ``path``, if one should stand there."""
    if root is not ExperimentSpec or isinstance(block, list):
        return None
    return COMPONENTS.get(tuple(step for step in path if isinstance(step, str)))


def known_keys(root: type[Config], document: Any, path: Path) -> list[str]:
    """Return the keys that the block at ``path`` may have, required ones first."""
    config: type[Config] | None = root
    extra = ["extends"] if root is ExperimentSpec else []
    for length, step in enumerate(path, 1):
        document, extra = document[step], []
        registry = registry_at(root, path[:length], document)
        if registry is not None and isinstance(document, dict):
            config = _config(registry, document.get("name"))
            extra = ["name", "prepare"] if path == ("dataset",) else ["name"]
        elif isinstance(step, str):
            config = _nested(config, step)
    fields = config.model_fields if config else {}
    return [*sorted(fields, key=lambda name: not fields[name].is_required()), *extra]


def _config(registry: Registry[Any], name: Any) -> type[Config] | None:
    config: type[Config] | None = registry.get(name).Config if name in registry.names() else None
    return config


def _nested(config: type[Config] | None, key: str) -> type[Config] | None:
    field = config.model_fields.get(key) if config else None
    return next(_configs(field.annotation), None) if field else None


def _configs(annotation: Any) -> Iterator[type[Config]]:
    if isinstance(annotation, type) and issubclass(annotation, Config):
        yield annotation
    for part in get_args(annotation):
        yield from _configs(part)


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
