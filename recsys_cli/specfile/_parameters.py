"""What can be set in a block: each parameter with type, default, bounds and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recsys_cli.registry import Config
from recsys_cli.specfile._words import show

REQUIRED = "required"
_TYPES = {"integer": "int", "number": "float", "string": "str", "boolean": "bool", "null": "null"}
_BOUNDS = {
    "exclusiveMinimum": "> {}",
    "minimum": "≥ {}",
    "exclusiveMaximum": "< {}",
    "maximum": "≤ {}",
    "minLength": "length ≥ {}",
    "maxLength": "length ≤ {}",
    "minItems": "≥ {} entries",
    "maxItems": "≤ {} entries",
    "pattern": "matches {}",
}


@dataclass(frozen=True)
class Parameter:
    """One key of a block.

    ``name`` has dots where blocks nest and ``[]`` where they are items of a list; ``default`` is a
    JSON value, and None also of what is ``required``; the rest is text for people: ``bounds`` is
    empty where there are none.
    """

    name: str
    type: str
    default: Any
    doc: str
    bounds: str
    required: bool = False

    @property
    def written(self) -> str:
        """The default as a spec writes it, or ``required``."""
        return REQUIRED if self.required else written(self.default)


def parameters(config: type[Config]) -> list[Parameter]:
    """Return the parameters of a component or block, in the order of their declaration."""
    schema = config.model_json_schema()
    return list(_walk(schema, schema.get("$defs", {}), ""))


def _walk(block: dict[str, Any], defs: dict[str, Any], prefix: str) -> Iterator[Parameter]:
    for name, field in block.get("properties", {}).items():
        inner = list(_blocks(field, defs))
        if "$ref" in field and inner:
            yield from _walk(inner[0], defs, f"{prefix}{name}.")
            continue
        required = name in block.get("required", [])
        doc = " ".join(field.get("description", "").split())
        yield Parameter(
            prefix + name, _type(field, defs), field.get("default"), doc, _bounds(field), required
        )
        for choice in inner:
            yield from _walk(choice, defs, f"{prefix}{name}{'[]' if 'items' in field else ''}.")


def _blocks(field: dict[str, Any], defs: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the blocks with keys of their own that a field, or an item of it, may be."""
    target = defs.get(field.get("$ref", "").rpartition("/")[2], {})
    if "properties" in target:
        yield target
    inner = field.get("items")
    for choice in [*field.get("anyOf", []), *([inner] if isinstance(inner, dict) else [])]:
        yield from _blocks(choice, defs)


def _type(field: dict[str, Any], defs: dict[str, Any]) -> str:
    if "$ref" in field:
        return _type(defs[field["$ref"].rpartition("/")[2]], defs)
    if "component" in field:
        return f"{field['component']} block"
    if "anyOf" in field:
        return " or ".join(_type(choice, defs) for choice in field["anyOf"])
    if "enum" in field or "const" in field:
        return " or ".join(written(value) for value in field.get("enum", [field.get("const")]))
    if "prefixItems" in field:
        return f"[{', '.join(_type(item, defs) for item in field['prefixItems'])}]"
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}), defs)}"
    if field.get("type") == "object":
        return "block"
    return _TYPES.get(field.get("type", ""), "any")


def _bounds(field: dict[str, Any]) -> str:
    if "prefixItems" in field:
        return ""
    own = [text.format(show(field[key])) for key, text in _BOUNDS.items() if key in field]
    inner = [_bounds(choice) for choice in field.get("anyOf", [])]
    return ", ".join(filter(None, [*own, *inner]))


def written(value: Any) -> str:
    """Return a JSON value as a spec writes it."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return value if isinstance(value, str) and value else show(value)
