"""The control groups that a process is in: where Linux says what it may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_ROOT, _OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def groups(controller: str) -> Iterator[tuple[Path, bool]]:
    """Yield this process's group and those around it, and whether they are of version 2.

    Parameters
    ----------
    controller : str
        ``memory`` or ``cpu``; groups of version 1 have folders of their own for each.
    """
    try:
        lines = _OWN.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        _, *told = line.split(":", 2)
        if len(told) < 2:
            continue
        controllers, path = told
        if controllers and controller not in controllers.split(","):
            continue
        root = _ROOT / controller if controllers else _ROOT
        inner = Path(path.lstrip("/"))
        for group in (inner, *inner.parents):
            yield root / group, not controllers
