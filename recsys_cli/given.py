"""Files that a command line names: read without ever waiting for what may not come."""

from __future__ import annotations

import errno
import re
import stat
from pathlib import Path

#: What the command was handed open: standard input, or the pipe of ``<(command)``.
_HANDED = re.compile(r"/dev/(stdin|fd/[0-9]+)|/proc/self/fd/[0-9]+")


def read_given(path: Path, most: int = -1) -> bytes:
    """Return the bytes of a file, the first ``most`` of them.

    Raises
    ------
    OSError
        If it cannot be read, or is a named pipe or a device, of which no one knows whether a byte
        will come or how many. Standard input may be either.
    """
    mode = path.stat().st_mode
    endless = stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode)
    if endless and not _HANDED.fullmatch(str(path)):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")
    with path.open("rb") as file:
        return file.read(most)
