"""What a run computes with: cores, settings of the environment, BLAS, memory, open files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from recsys_cli import memory as limits
from recsys_cli import threads
from recsys_cli.cgroups import groups
from recsys_cli.diagnosis._finding import Finding
from recsys_cli.errors import OutOfResources

#: What a setting that does harm does; the values that do none.
_HARMFUL = {
    "NUMBA_DISABLE_JIT": ("kernels run as plain Python, a hundred times slower", ("0",)),
    "NUMBA_OPT": ("kernels are compiled to slower code", ("3", "max")),
    "NUMBA_BOUNDSCHECK": ("kernels check every index, and are slower", ("0",)),
    "NUMBA_DEBUGINFO": ("kernels are compiled to slower code", ("0",)),
    "OMP_PROC_BIND": ("all threads may be bound to one core", ("false",)),
    "GOMP_CPU_AFFINITY": ("all threads may be bound to one core", ()),
    "KMP_AFFINITY": ("all threads may be bound to one core", ("none", "disabled")),
    "OMP_THREAD_LIMIT": ("implicit's models get no more threads than that", ()),
}
#: Settings that --threads overrules.
_HARMLESS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_FEW_FILES = 256
#: Beside the libraries: for a small dataset.
_LITTLE = 1 << 29


def cores(_: Path) -> Iterator[Finding]:
    """Look at the cores that this process may use, and for how much of the time."""
    usable, share = threads.available(), _quota()
    found = f"{usable} of {os.cpu_count()} usable"
    if share is None or share >= usable:
        yield Finding("cores", found)
    else:
        advice = f"--threads {max(1, round(share))}: more of them only wait for each other"
        yield Finding("cores", f"{found}, with the time of {share:.2g}", advice)


def settings(_: Path) -> Iterator[Finding]:
    """Look for environment variables that slow a run down."""
    harmless = [f"{name}={os.environ[name]}" for name in _HARMLESS if os.environ.get(name)]
    told = f"{', '.join(harmless)}: --threads decides instead" if harmless else "none that matter"
    yield Finding("settings", told)
    for name, (harm, fine) in _HARMFUL.items():
        value = os.environ.get(name, "").lower()
        if value and value not in fine:
            yield Finding(name, f"{value}: {harm}", f"unset {name}")


def blas(_: Path) -> Iterator[Finding]:
    """Look at the BLAS, and whether it can be held to one thread a call."""
    import numpy  # noqa: F401  the library that is looked at is loaded by it
    from threadpoolctl import threadpool_info

    def found() -> list[dict[str, object]]:
        return [one for one in threadpool_info() if one["user_api"] == "blas"]

    told = ", ".join(f"{one['internal_api']} {one['version']}" for one in found())
    with threads.single_blas():
        loose = [one for one in found() if one["num_threads"] != 1]
    advice = "pip install --force-reinstall numpy brings OpenBLAS: else bits depend on --threads"
    if not told:
        yield Finding("BLAS", "none that is known", advice)
    elif loose:
        yield Finding("BLAS", f"{told}: it does not keep to one thread a call", advice)
    else:
        yield Finding("BLAS", told)


def memory(_: Path) -> Iterator[Finding]:
    """Look at the memory that a run may use."""
    limit, least = limits.limit(), limits.libraries()
    if limit.bytes < least:
        advice = f"raise it: the libraries alone take {limits.spelled(least)}"
        yield Finding("memory", str(limit), advice, OutOfResources)
    elif limit.bytes < least + _LITTLE:
        yield Finding("memory", str(limit), "raise it, or keep to small datasets")
    else:
        yield Finding("memory", str(limit))


def open_files(_: Path) -> Iterator[Finding]:
    """Look at how many files a process may have open."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if 0 <= soft < _FEW_FILES:
        yield Finding("open files", f"{soft} at most", "ulimit -n 4096")
    else:
        yield Finding("open files", f"{soft:,} at most" if soft >= 0 else "without limit")


def _quota() -> float | None:
    """Return the cores whose time the control groups allow; None where they set no limit."""
    shares = []
    for group, second in groups("cpu"):
        try:
            if second:
                quota, period = (group / "cpu.max").read_text().split()
            else:
                quota = (group / "cpu.cfs_quota_us").read_text()
                period = (group / "cpu.cfs_period_us").read_text()
            shares.append(int(quota) / int(period))
        except (OSError, ValueError):  # none there, or "max"
            continue
    return min((share for share in shares if share > 0), default=None)
