"""Validation errors in plain words: what a value must be, what it is, how to write it."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from recsys_cli.specfile._yaml import scalar
from recsys_cli.spelling import nearest

_LONGEST = 60
_MUST_BE = {
    "int_type": "an integer",
    "float_type": "a number",
    "string_type": "a string",
    "bool_type": "true or false",
    "path_type": "a path",
    "none_required": "null",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a block of keys",
    "model_type": "a block of keys",
    "model_attributes_type": "a block of keys",
    "finite_number": "finite",
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
    "string_pattern_mismatch": "text that matches {pattern}",
}
_COUNTS = {
    "too_short": "must hold at least {min_length}, holds {actual_length:,}",
    "too_long": "must hold at most {max_length}, holds {actual_length:,}",
    "missing": "has too few entries",
}


def explain(errors: list[dict[str, Any]], value: Any, component: bool, written: str = "") -> str:
    """Return one sentence for all errors of one value (a union has one for each alternative).

    Parameters
    ----------
    errors : list of dict
        As pydantic gives them.
    value : object
        What was read.
    component : bool
        Whether the value should be a block that names a component.
    written : str
        The word that was read, if it is no text: ``1e3`` where the value is 1000.0.
    """
    needs = [need for error in errors if (need := _need(error))]
    if not needs:
        return "; ".join(dict.fromkeys(_sentence(error) for error in errors))
    shown = _cut(written) or show(value)
    advice = _advice(errors[0], value, component, shown) if len(needs) == 1 else ""
    advice = advice or _guess(errors, value)
    return f"must be {' or '.join(dict.fromkeys(needs))}, is {shown}{advice}"


def show(value: Any) -> str:
    """Return a value as a spec would write it, shortened; lists and blocks only by kind."""
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
    return _cut("empty" if value is None else json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _need(error: dict[str, Any]) -> str | None:
    if error["type"] == "literal_error":
        return " or ".join(f'"{choice}"' for choice in _choices(error))
    if error["type"] not in _MUST_BE:
        return None
    return _MUST_BE[error["type"]].format(**_context(error))


def _sentence(error: dict[str, Any]) -> str:
    if error["type"] in _COUNTS:
        bounds = ("min_length", "max_length")
        counts = {k: _entries(v) if k in bounds else v for k, v in error.get("ctx", {}).items()}
        return _COUNTS[error["type"]].format(**counts)
    return re.sub("^(Input|Value) should ", "must ", error["msg"])


def _entries(count: int) -> str:
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def _context(error: dict[str, Any]) -> dict[str, Any]:
    bounds = error.get("ctx", {}).items()
    return {k: f"{v:.15g}" if isinstance(v, float) else v for k, v in bounds}


def _choices(error: dict[str, Any]) -> list[str]:
    if error["type"] == "bool_type":
        return ["true", "false"]
    if error["type"] != "literal_error":
        return []
    return re.findall(r"'([^']*)'", error["ctx"]["expected"])


def _advice(error: dict[str, Any], value: Any, component: bool, shown: str) -> str:
    kind = error["type"]
    if kind in ("int_type", "float_type") and isinstance(value, str) and _is_number(value):
        return "; write it without quotes"
    if kind == "string_type" and isinstance(value, (int, float)):
        # As it was written, for another spelling of the number is the id of somebody else.
        return "; write it in quotes" + (f': "{shown}"' if not shown.endswith("…") else "")
    if kind == "bool_type" and str(value).lower() in ("yes", "on", "no", "off"):
        return f"; write {'true' if str(value).lower() in ('yes', 'on') else 'false'}"
    if kind in ("list_type", "tuple_type") and isinstance(value, (str, int, float)):
        return f"; write [{shown}]"
    if component and kind.startswith("model") and isinstance(value, str):
        return f"; write {{name: {value}}}"
    return ""


def _guess(errors: list[dict[str, Any]], value: Any) -> str:
    """Return which of the words that it may be a misspelt one means."""
    words = [word for error in errors for word in _choices(error)]
    near = nearest(value, words) if isinstance(value, str) and words else None
    return f'; did you mean "{near}"?' if near else ""


def _is_number(text: str) -> bool:
    try:
        return isinstance(scalar(text), (int, float)) and not isinstance(scalar(text), bool)
    except OverflowError:
        return False
