"""Checkpoints of one fold's training: what is kept between two epochs, and gone back to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from recsys_cli.errors import DamagedRun, OutOfResources
from recsys_cli.listener import Listener
from recsys_cli.models._base import Model
from recsys_cli.models._course import Checkpoint
from recsys_cli.runs import FoldRecorder

#: What is being trained: the model that is watched, or the one of its best epoch on all parts.
Stage = Literal["fit", "refit"]
_HELD, _BEST = "held/", "best/"


@dataclass(frozen=True, eq=False)
class Watched:
    """What the monitor knows: a JSON-able document, and the arrays of the best epoch."""

    document: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


class Keeper:
    """Writes checkpoints when they are due, and says what the newest one of a former process kept.

    Parameters
    ----------
    fold : FoldRecorder
        Taken back to that checkpoint.
    listener : Listener
    """

    def __init__(self, fold: FoldRecorder, listener: Listener) -> None:
        self._fold, self._listener = fold, listener
        self._warned = False
        self._arrays: dict[str, NDArray[Any]] = {}
        self._document: dict[str, Any] | None = None
        found = fold.take_up()
        if found is not None:
            self._arrays, self._document = found

    @property
    def stage(self) -> Stage:
        """What was being trained at the checkpoint."""
        return "fit" if self._document is None else self._document["stage"]

    def begins(self, stage: Stage) -> Checkpoint | None:
        """Return where a stage goes on; None where it begins anew."""
        found = self._document
        if found is None or found["stage"] != stage:
            return None
        self._listener.note(f"Going on after epoch {found['epoch']}, where a checkpoint was taken.")
        return Checkpoint(found["epoch"], self._part(_HELD), found["rng"])

    @property
    def watched(self) -> Watched | None:
        """What the monitor knew at the checkpoint; None without one."""
        if self._document is None:
            return None
        return Watched(self._document["watched"], self._part(_BEST))

    def keep(self, stage: Stage, model: Model[Any], epoch: int, watched: Watched) -> None:
        """Take a checkpoint after an epoch, if it is due and another epoch follows.

        One that cannot be written is told once, and training goes on: the end may find room.
        """
        if not self._fold.checkpoint_due:
            return
        found = model.checkpoint(epoch)
        if found is None:
            return
        arrays = {_HELD + name: array for name, array in found.arrays.items()}
        arrays |= {_BEST + name: array for name, array in watched.arrays.items()}
        document = {"stage": stage, "epoch": epoch, "rng": found.rng, "watched": watched.document}
        try:
            self._fold.checkpoint(arrays, document)
        except OutOfResources as error:
            if not self._warned:
                self._listener.note(f"No checkpoint could be taken: {error}")
            self._warned = True

    def _part(self, prefix: str) -> dict[str, NDArray[Any]]:
        found = {k.removeprefix(prefix): a for k, a in self._arrays.items() if k.startswith(prefix)}
        if prefix == _HELD and not found:
            raise DamagedRun("the checkpoint holds no arrays")
        return found
