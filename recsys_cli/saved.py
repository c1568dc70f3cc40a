"""The fitted model of a run: whole, or with the few of its users that are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys_cli.data import Int32
from recsys_cli.errors import SpecError
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.models._stored import of_all_users, of_everyone, of_users
from recsys_cli.runs import FoldRun

#: What stands for the model in a run that holds recommendations made elsewhere.
EXTERNAL = "external"
#: Up to so many users are read row by row.
_FEW = 64


class Served:
    """The fitted model of one fold; of its users, only those asked for are read, if they are few.

    Attributes
    ----------
    model : Model
        With none of the users, where they can be read alone.
    """

    def __init__(self, fold: FoldRun) -> None:
        cls, config = _saved(fold)
        self._arrays = fold.stored_model
        self._everyone = not cls.users_are_rows
        if self._everyone:
            self.model = cls.from_arrays(config, fold.model_arrays())
        else:
            nobody = of_users(self._arrays, [])
            self.model = cls.from_arrays(config, of_everyone(self._arrays) | nobody)

    def of(self, user_idx: Int32) -> tuple[Model[Any], Int32]:
        """Return a model that serves the given users, and its indices of them; -1 stays -1."""
        if not self._everyone and len(user_idx) > _FEW:
            self.model = self.model.with_users(of_all_users(self._arrays))
            self._everyone = True
        if self._everyone:
            return self.model, user_idx
        known = user_idx >= 0
        local = np.where(known, np.cumsum(known) - 1, -1).astype(np.int32)
        rows = of_users(self._arrays, user_idx[known].tolist())
        return self.model.with_users(rows), local


def load_model(fold: FoldRun) -> Model[Any]:
    """Return the fitted model of one fold; the library that trained it is not needed.

    Raises
    ------
    SpecError
        If the run holds recommendations made elsewhere.
    """
    cls, config = _saved(fold)
    return cls.from_arrays(config, fold.model_arrays())


def _saved(fold: FoldRun) -> tuple[type[Model[Any]], Any]:
    """Return the class of a fold's model, and its parameters."""
    document = dict(fold.model_config)
    if document["name"] == EXTERNAL:
        raise SpecError(
            "the run holds recommendations made elsewhere, and no model",
            hint="recsys show and compare read it; its lists are in recommendations-*.parquet",
        )
    cls = MODELS.get(document.pop("name"))
    return cls, cls.Config.model_validate(document)
