"""The course of a fit: what each epoch hands the next, so that a fit can be left and taken up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import DamagedRun


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What the epoch after ``epoch`` starts from.

    Attributes
    ----------
    epoch : int
        How many are done.
    arrays : dict of str to ndarray
        Not copies where a model takes one: the next epoch overwrites them.
    rng : dict
        The state of the bit generator; JSON-able.
    """

    epoch: int
    arrays: dict[str, NDArray[Any]]
    rng: dict[str, Any]


class Held(Protocol):
    """What one epoch hands the next."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return it as arrays by name."""

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Go back to what :meth:`arrays` once returned."""


class Places:
    """Arrays that epochs change in place, and attributes that they set anew.

    Parameters
    ----------
    **places : ndarray or (object, str)
        An array, or the owner and name of an attribute that holds one.
    """

    def __init__(self, **places: NDArray[Any] | tuple[object, str]) -> None:
        self._places = places

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the array of every place."""
        return {
            name: getattr(*place) if isinstance(place, tuple) else place
            for name, place in self._places.items()
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Put the arrays back, in place where epochs change them so."""
        require_alike(arrays, self.arrays())
        for name, place in self._places.items():
            if isinstance(place, tuple):
                setattr(*place, arrays[name])
            else:
                place[...] = arrays[name]


class Course:
    """Where a fit stands between two epochs.

    Parameters
    ----------
    rng : Generator
    held : Held
        All that an epoch takes from those before it, beside ``rng``.
    count : int
        Epochs there are.

    Attributes
    ----------
    done : int
        Epochs that the checkpoint, if the fit begins from one, had behind it.
    """

    def __init__(self, rng: np.random.Generator, held: Held, count: int) -> None:
        self._rng, self._held, self._count = rng, held, count
        self.done = 0

    def end(self) -> None:
        """Say that no epoch follows the one under way."""
        self._count = 0

    def checkpoint(self, epoch: int) -> Checkpoint | None:
        """Return what the epoch after ``epoch`` starts from; None if none follows."""
        if epoch >= self._count:
            return None
        return Checkpoint(epoch, self._held.arrays(), dict(self._rng.bit_generator.state))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a checkpoint.

        Raises
        ------
        DamagedRun
            If it is not one of this fit.
        """
        self._held.restore(checkpoint.arrays)
        self.done = checkpoint.epoch
        try:
            self._rng.bit_generator.state = checkpoint.rng
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedRun("the state of its random numbers is none of this generator") from error


def require_alike(arrays: dict[str, NDArray[Any]], now: dict[str, NDArray[Any]]) -> None:
    """Raise DamagedRun unless arrays have the names, shapes and dtypes of those there are now."""
    found = {name: (array.shape, array.dtype) for name, array in arrays.items()}
    if found != {name: (array.shape, array.dtype) for name, array in now.items()}:
        raise DamagedRun("the arrays of the checkpoint are not those that this fit hands on")


class Resumable:
    """The part of a model whose fit can be left between two epochs and taken up."""

    #: Of the fit under way, where it can be left between epochs, and what that fit begins from.
    _course: Course | None = None
    _begins: Checkpoint | None = None

    def _done_before(self) -> int:
        """Return how many epochs the fit did not have to go through."""
        return 0 if self._begins is None else self._begins.epoch

    def _epochs(
        self,
        count: int,
        rng: np.random.Generator,
        held: Held,
    ) -> Iterator[int]:
        """Yield the number of each epoch, from 0: all ``count``, or those after a checkpoint.

        A loop over them can be left and taken up. It yields its loss at the end of each epoch. One
        that may end before ``count`` calls :meth:`_end_course` before it yields for the last time.

        Parameters
        ----------
        count : int
        rng : Generator
        held : Held
            All that an epoch takes from those before it, beside ``rng``.
        """
        self._course = Course(rng, held, count)
        if self._begins is not None:
            self._course.restore(self._begins)
        yield from range(self._course.done, count)

    def _end_course(self) -> None:
        """Say that no epoch follows the one under way, so that no checkpoint is taken of it."""
        assert self._course is not None
        self._course.end()

    def checkpoint(self, epoch: int) -> Checkpoint | None:
        """Return what the next epoch of the fit under way starts from.

        None if no epoch follows, or the model cannot be left between epochs.

        For ``on_epoch``; a later :meth:`fit` takes it as ``begins``.
        """
        return None if self._course is None else self._course.checkpoint(epoch)
