"""How much memory this process may use, and the refusal of what needs more.

Nothing heavy is imported here: a library that finds no memory while it is loaded may wait for ever,
or die natively, so a process asks before it loads any.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from recsys_cli import threads
from recsys_cli.cgroups import groups
from recsys_cli.errors import OutOfResources, SpecError

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
#: The interpreter, all libraries that a run loads, and compiled kernels: measured.
LIBRARIES = 230 * MIB
#: What it takes to compile kernels, which happens once.
_COMPILING = 100 * MIB
#: Addresses that libraries take and do not fill, and those of each thread's stack and heap.
_ADDRESSES, _THREAD = 550 * MIB, 72 * MIB
_UNITS = {"": 1, "k": KIB, "m": MIB, "g": GIB, "t": GIB << 10}


class Limit(NamedTuple):
    """So many bytes may be in use, and what says so."""

    bytes: int
    source: str

    def __str__(self) -> str:
        return f"{spelled(self.bytes)} ({self.source})"


_asked: list[Limit] = []


@contextmanager
def within(size: str | None, source: str = "--memory") -> Iterator[None]:
    """Use no more memory than ``size`` (None: than the machine has) within the block.

    Parameters
    ----------
    size : str, optional
        Such as ``500m`` or ``2g``.
    source : str
        Who says so.

    Raises
    ------
    SpecError
        If it is no size.
    OutOfResources
        If not even the libraries fit.
    """
    asked = [] if size is None else [Limit(parsed(size, source), source)]
    _asked.extend(asked)
    try:
        unit = f"did you mean {size}m?" if size is not None and size.strip().isdecimal() else None
        require({"libraries": libraries()}, "any run", unit)
        yield
    finally:
        del _asked[len(_asked) - len(asked) :]


def libraries() -> int:
    """Return what any run takes, whatever its data and its model."""
    return LIBRARIES + (0 if _compiled() else _COMPILING)


def parsed(text: str, where: str) -> int:
    """Return the bytes of a size such as ``500m`` or ``2g``, in units of 1,024.

    Raises
    ------
    SpecError
    """
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)([kmgt]?)(?:i?b)?", text.strip().lower())
    size = int(float(found[1]) * _UNITS[found[2]]) if found else 0
    if not size:
        raise SpecError(f'"{text}" is no size of memory', where=where, hint="such as 500m or 2g")
    return size


def spelled(size: float) -> str:
    """Return bytes as people write them: ``500 bytes``, ``431 MiB``, ``1.9 GiB``."""
    if size < KIB:
        return f"{size:,.0f} bytes"
    if size < MIB:
        return f"{size / KIB:,.0f} KiB"
    return f"{size / MIB:,.0f} MiB" if size < GIB else f"{size / GIB:,.1f} GiB"


def limit() -> Limit:
    """Return the least of what was asked for, and what the system allows or has left.

    Raises
    ------
    SpecError
        If RECSYS_MEMORY is no size.
    """
    return min(_limits())


def require(parts: Mapping[str, int], what: str, hint: str | None = None) -> None:
    """Refuse what needs more memory than there may be.

    Parameters
    ----------
    parts : mapping of str to int
        Bytes by what needs them; the whole process, libraries included.
    what : str
        What needs it all.
    hint : str, optional
        What to lower, beside the limit.

    Raises
    ------
    OutOfResources
    """
    allowed, need = limit(), sum(parts.values())
    if need <= allowed.bytes:
        return
    told = ", ".join(f"{name} {spelled(size)}" for name, size in parts.items() if size >= MIB)
    raise OutOfResources(
        f"{what} would need about {spelled(need)} of memory ({told}), and the limit is {allowed}",
        hint=hint or "raise the limit, or take a machine with more memory",
    )


def _compiled() -> bool:
    """Return whether kernels have been compiled and kept, where numba keeps them."""
    own = os.environ.get("NUMBA_CACHE_DIR")
    folders = [Path(own) if own else Path(__file__).parent / "kernels" / "__pycache__"]
    with suppress(RuntimeError):  # a user whom the system does not know has no home
        folders += [] if own else [Path.home() / ".cache" / "numba"]
    return any(next(folder.rglob("*.nbi"), None) for folder in folders)


def _limits() -> Iterator[Limit]:
    yield from _asked
    if own := os.environ.get("RECSYS_MEMORY"):
        yield Limit(parsed(own, "RECSYS_MEMORY"), "RECSYS_MEMORY")
    yield from _rlimits()
    yield from _cgroup_limits()
    yield Limit(*_available())


def _rlimits() -> Iterator[Limit]:
    """Yield what ulimit allows, less what is counted by it and holds nothing."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    reserved = {"RLIMIT_AS": _ADDRESSES, "RLIMIT_DATA": 0}
    for (name, addresses), flag in zip(reserved.items(), "vd", strict=True):
        soft = resource.getrlimit(getattr(resource, name))[0]
        if soft != resource.RLIM_INFINITY:
            left = soft - addresses - _THREAD * threads.count()
            told = f"ulimit -{flag} {soft // KIB}, less the addresses that libraries reserve"
            yield Limit(max(0, left), told)


def _cgroup_limits() -> Iterator[Limit]:
    """Yield what this process's control group, and those around it, leave to it.

    Above ``memory.max`` the system kills; above ``memory.high`` it slows down until nothing moves.
    """
    for group, second in groups("memory"):
        for name in ("memory.max", "memory.high") if second else ("memory.limit_in_bytes",):
            if (size := _number(group / name)) is not None:
                left = max(0, size - _of_others(group, second))
                told = "" if left == size else ", less what others in the group use"
                yield Limit(left, f"{group / name}{told}")


def _of_others(group: Path, second: bool) -> int:
    """Return what a group holds beside this process and pages of files, which the system drops."""
    held = _number(group / ("memory.current" if second else "memory.usage_in_bytes")) or 0
    try:
        stat = (group / "memory.stat").read_text()
    except OSError:
        stat = ""
    # The sums of version 1 that count the groups within are called so.
    name = f"{'' if second else 'total_'}(?:in)?active_file"
    pages = re.findall(rf"^{name} (\d+)$", stat, re.MULTILINE)
    own = _field("/proc/self/status", "RssAnon") or 0
    return max(0, held - sum(map(int, pages)) - own)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # none there, or "max"
        return None


def _available() -> tuple[int, str]:
    """Return what is free, or would be on demand, with what this process has of it already."""
    free, own = _field("/proc/meminfo", "MemAvailable"), _field("/proc/self/status", "VmRSS")
    if free is not None:
        return free + (own or 0), "available on this machine"
    if hasattr(os, "sysconf"):
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return size, "of this machine"
    return 1 << 62, "unknown"


def _field(path: str, name: str) -> int | None:
    """Return a number of kB as bytes."""
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB", Path(path).read_text(), re.MULTILINE)
    except OSError:
        return None
    return None if found is None else int(found[1]) * KIB
