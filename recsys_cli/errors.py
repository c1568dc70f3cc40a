"""The exception tree. Each class knows its exit code; the message says where, why and what next."""

from __future__ import annotations

import errno
from typing import Self

#: What to do about an error of the system, by its number.
_NEEDS = {
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some disk space, then run it again"
    ),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS),
        "give yourself permission, or choose another folder",
    ),
    **dict.fromkeys(
        (errno.EMFILE, errno.ENFILE), "raise the limit of open files, as by ulimit -n 4096"
    ),
    errno.ENAMETOOLONG: "choose a shorter name",
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), "choose a folder that is there"),
}


class RecsysError(Exception):
    """Any failure that the user can understand and act on.

    Parameters
    ----------
    message : str
        Why it failed, in one sentence.
    where : str, optional
        The place: a file with its line, a spec key, a run id.
    hint : str, optional
        What to do next.

    Attributes
    ----------
    run : str, optional
        The id of the run that it stopped, which is left behind as failed.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.run: str | None = None

    def within(self, where: str | None) -> Self:
        """Put a wider place before the one that the error has; return the error."""
        self.where = ": ".join(filter(None, (where, self.where)))
        return self

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n{self.hint}" if self.hint else head


class SpecError(RecsysError):
    """The spec, or an argument of the command line, is wrong."""

    exit_code = 2


class GateFailed(RecsysError):
    """A regression gate did not hold."""

    exit_code = 3


class Diverged(RecsysError):
    """Training produced a value that is not finite.

    Attributes
    ----------
    epoch : int, optional
        In which; 0 in a model without epochs.
    """

    exit_code = 4
    epoch: int | None = None


class DataError(RecsysError):
    """The data are malformed, or cannot serve what was asked of them."""

    exit_code = 5


class DamagedRun(DataError):
    """A run folder does not hold what its manifest says."""


class ChecksumMismatch(DataError):
    """A file is not the one that was published."""


class SplitMismatch(DataError):
    """The split made now is not the one that the run was trained on."""


class NotFound(RecsysError):
    """A run, user, item, dataset or file does not exist."""

    exit_code = 6


class MissingExtra(NotFound):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed", hint=f"pip install 'recsys-cli[{extra}]' brings it"
        )


class OutOfResources(RecsysError):
    """The disk is full, or memory ran out."""

    exit_code = 7


class Locked(RecsysError):
    """Another process holds what this one needs."""

    exit_code = 8


def need(error: OSError) -> str:
    """Return what to do about an error of the system."""
    return _NEEDS.get(error.errno or 0, "check the disk, then run it again")
