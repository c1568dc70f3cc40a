"""Values of every type for every key, just within and beyond each bound; which of them must fail.

What a value may be is judged by the JSON Schema of specs, apart from the code that reads them.
"""

from __future__ import annotations

import math
import re
from random import Random
from typing import Any

from tests.torture.spec_words import MARK, Word, spec_words

#: What a spec may say, and what that is.
VALUES: list[tuple[str, Any]] = [
    *(("1", 1), ("0", 0), ("-1", -1), ("2.5", 2.5), ("-2.5", -2.5), ("1e-3", 1e-3)),
    *((".inf", math.inf), ("-.inf", -math.inf), (".nan", math.nan), ("1e400", math.inf)),
    *(("9223372036854775807", (1 << 63) - 1), ("-9223372036854775808", -(1 << 63))),
    ("1e308", 1e308),
    *(("true", True), ("False", False), ("null", None), ("~", None), ("", None)),
    *(("x", "x"), ('"1"', "1"), ("no", "no"), ("0123", "0123"), ("1_000", "1_000"), ('""', "")),
    *(("1:30", "1:30"), ("2020-01-01", "2020-01-01"), ("0x1F", "0x1F"), ("12e", "12e")),
    *(("[]", []), ("[1]", [1]), ("[x]", ["x"]), ("[[]]", [[]]), ("[1, 2, 3]", [1, 2, 3])),
    *(("{}", {}), ("{a: 1}", {"a": 1}), ("x" * 10_000, "x" * 10_000), ("[null]", [None])),
]  # fmt: skip
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_TYPES: dict[str, Any] = {
    "integer": int,
    "number": (int, float),
    "string": str,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def keys() -> list[Word]:
    """Return the keys whose value is no name of a component."""
    return [word for word in spec_words() if word.schema is not None and "const" not in word.schema]


def of(document: Any, key: str) -> Any:
    """Return the document of a key with the mark in the place of its value."""
    if isinstance(document, list):
        return [of(item, key) for item in document]
    if not isinstance(document, dict):
        return document
    return {
        (key if name == MARK else name): (MARK if name == MARK else of(item, key))
        for name, item in document.items()
    }


def draw(schema: dict[str, Any], rng: Random) -> tuple[str, Any]:
    """Return a value as a spec writes it, and what it is; half of the time at a bound."""
    bounds = [
        one[name] for one in (schema, *schema.get("anyOf", [])) for name in _BOUNDS if name in one
    ]
    if bounds and rng.random() < 0.5:
        bound = rng.choice(bounds)
        near = [bound - 1, bound, bound + 1]
        if isinstance(bound, float):
            near += [math.nextafter(bound, -math.inf), math.nextafter(bound, math.inf)]
        value = rng.choice(near)
        return repr(value), value
    return rng.choice(VALUES)


def fits(value: Any, schema: dict[str, Any], defs: dict[str, Any]) -> bool:
    """Say whether a schema has nothing against a value; blocks of components may hold anything."""
    schema = defs.get(schema.get("$ref", "").rpartition("/")[2], schema)
    if "anyOf" in schema:
        return any(fits(value, one, defs) for one in schema["anyOf"])
    if "allOf" in schema or "properties" in schema:
        return isinstance(value, dict)
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    if "type" in schema and not _is(value, schema["type"]):
        return False
    if isinstance(value, list):
        inner = schema.get("items", {})
        sized = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf)
        return sized and all(fits(item, inner, defs) for item in value)
    return _within(value, schema)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


def _within(value: Any, schema: dict[str, Any]) -> bool:
    if isinstance(value, str):
        sized = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf)
        return sized and re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        over, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        inside = low <= value <= high and (over is None or value > over)
        return math.isfinite(value) and inside and (under is None or value < under)
    return True
