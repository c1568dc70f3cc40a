"""Which keys may stand where in a spec."""

from __future__ import annotations

from collections.abc import Iterator
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
