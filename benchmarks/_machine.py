"""What a result was measured on."""

from __future__ import annotations

import os
import platform
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recsys_cli import threads
from recsys_cli.runs._environment import usage

_PACKAGES = ("recsys-cli", "implicit", "scikit-surprise", "numpy", "scipy", "numba")


class Others:
    """How much of the machine other processes take, from its creation on."""

    def __init__(self) -> None:
        self._busy, self._wall = _busy(), time.perf_counter()

    def share(self) -> float:
        """Return 0 to 1: their part (and the hypervisor's) of the time of all processors."""
        busy, wall = _busy() - self._busy, time.perf_counter() - self._wall
        return round(max(0.0, busy / (wall * (os.cpu_count() or 1))), 3)


def _busy() -> float:
    """Return the seconds that processors worked, less those for this process and its children."""
    import psutil

    all_ = psutil.cpu_times()
    names = ("user", "nice", "system", "irq", "softirq", "steal")
    return sum(getattr(all_, name, 0.0) for name in names) - sum(os.times()[:4])


def describe() -> dict[str, Any]:
    """Return processor, cores, system, versions and date; nothing that names a machine."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": threads.available(),
        "system": f"{platform.system()} {platform.machine()}",
        "blas": _blas(),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        },
    }


def peak_memory() -> int:
    """Return the most bytes that this process has held at a time since the peak was forgotten."""
    found = _memory("VmHWM")
    # On Linux the other way would count what the process that started this one held.
    return int(usage()["peak_memory_bytes"]) if found is None else found


def forget_peak() -> int:
    """Let the peak be what is held now, where the system can; return that, in bytes."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    except OSError:
        return peak_memory()
    return peak_memory()


def _memory(name: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(name))


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2] for line in lines if line.startswith("model name")]
    return " ".join(names[0].split()) if names else platform.processor()


def _blas() -> str:
    import numpy  # noqa: F401 - loads the library that is asked about
    from threadpoolctl import threadpool_info

    blas = [entry for entry in threadpool_info() if entry["user_api"] == "blas"]
    return ", ".join(f"{e['internal_api']} {e['version']} ({e['architecture']})" for e in blas[:1])
