"""How large a spec may be: as it stands in a file, and complete, as a run keeps it.

Both have the same limits, so a spec that was accepted is accepted again as ``spec.yaml`` of its
run: a complete spec grows no further.
"""

from __future__ import annotations

from typing import Any

from recsys_cli.errors import SpecError
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile._dump import dump
from recsys_cli.specfile._yaml import MANY_USERS, MAX_BYTES, MAX_DEPTH, MAX_NODES


def require_room(spec: ExperimentSpec, where: str) -> None:
    """Raise SpecError unless the complete spec could be read from a file; ``where`` is the file."""
    nodes, depth = measured(spec.document())
    if nodes > MAX_NODES:
        raise _error(f"has {nodes:,} values, more than {MAX_NODES:,}", where)
    if depth > MAX_DEPTH:
        raise _error(f"is nested {depth} deep, more than {MAX_DEPTH}", where)
    size = len(dump(spec).encode())
    if size > MAX_BYTES:
        raise _error(f"takes {size:,} bytes, more than {MAX_BYTES >> 10} KiB", where)


def _error(what: str, where: str) -> SpecError:
    return SpecError(f"the spec, every default written out, {what}", where=where, hint=MANY_USERS)


def measured(value: Any) -> tuple[int, int]:
    """Return how many keys, values and blocks there are, and how deep they nest."""
    keys = len(value) if isinstance(value, dict) else 0
    items = value.values() if keys else value if isinstance(value, list) else ()
    inner = [measured(item) for item in items]
    return 1 + keys + sum(n for n, _ in inner), 1 + max((depth for _, depth in inner), default=0)
