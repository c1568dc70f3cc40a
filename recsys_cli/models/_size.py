"""How large a training part is: what the memory of a fit is estimated from."""

from __future__ import annotations

from typing import NamedTuple

from recsys_cli.models._blocks import BLOCK_SCORES


class Size(NamedTuple):
    """Numbers of users, items and pairs of a training part."""

    users: int
    items: int
    pairs: int

    @property
    def block(self) -> int:
        """Bytes of the scores that one thread holds at once."""
        return 4 * min(BLOCK_SCORES, self.users * self.items)
