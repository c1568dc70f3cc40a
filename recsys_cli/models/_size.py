"""How large a training part is: what the memory of a fit is estimated from."""

from __future__ import annotations

from typing import NamedTuple

from recsys_cli.models._blocks import BLOCK_SCORES


class Size(NamedTuple):
    """Numbers of users, items and pairs of a training part.

    ``met`` is the sum over users of their pairs squared: so many pairs of items have a user in
    common at most. None is unknown.
    """

    users: int
    items: int
    pairs: int
    met: int | None = None

    @property
    def near(self) -> int:
        """Items with which an item has a user in common, on average and at most."""
        return self.items if self.met is None else min(self.items, -(-self.met // self.items))

    @property
    def block(self) -> int:
        """Bytes of the scores that one thread holds at once."""
        return 4 * min(max(BLOCK_SCORES, self.items), self.users * self.items)
