"""How large a training part is: what the memory of a fit is estimated from."""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """Numbers of users, items and pairs of a training part."""

    users: int
    items: int
    pairs: int
