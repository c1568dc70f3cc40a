"""Keep the interactions of some users drawn at random."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field, PositiveInt, field_validator
from pydantic_core import PydanticCustomError

from recsys_cli.data import Interactions
from recsys_cli.errors import DataError
from recsys_cli.prepare._base import Filter, FilterConfig, Selection


class SampleUsersConfig(FilterConfig):
    """Parameters of :class:`SampleUsers`."""

    users: PositiveInt | Annotated[float, Field(gt=0, lt=1)]
    """How many users stay: a number of them, or a share below 1."""

    @field_validator("users", mode="before")
    @classmethod
    def _check_users(cls, users: Any) -> Any:
        whole = type(users) is int and users > 0
        if not whole and not (isinstance(users, float) and 0 < users < 1):
            raise PydanticCustomError("users", "must be a whole number of users or a share below 1")
        return users


class SampleUsers(Filter[SampleUsersConfig]):
    """Keep every interaction of some users, drawn without replacement from all that have any."""

    def select(self, data: Interactions, rng: np.random.Generator) -> Selection:
        """Return the rows of the drawn users.

        Raises
        ------
        DataError
            If there are fewer users than asked for.
        """
        users, wanted = np.flatnonzero(data.user_counts), self.config.users
        n = wanted if isinstance(wanted, int) else round(wanted * len(users))
        if n > len(users):
            raise DataError(f"sample-users asks for {n:,} users of {len(users):,}")
        drawn = np.zeros(data.n_users, np.bool_)
        drawn[rng.permutation(users)[:n]] = True
        return Selection(np.flatnonzero(drawn[data.user_idx]))
