"""Where a run happened: versions, machine, git, threads, memory."""

from __future__ import annotations

import os
import platform
import re
import resource
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from recsys_cli import threads

_DISTRIBUTION = "recsys-cli"
_GIT = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]


def environment() -> dict[str, Any]:
    """Return what is known before training: versions, platform, cpu, git commit, BLAS."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": {
            "model": _cpu_model(),
            "cores": os.cpu_count(),
            "available": threads.available(),
            "threads": threads.count(),
        },
        "versions": versions(),
        "git": _git(),
        "blas": _blas(),
    }


def usage() -> dict[str, Any]:
    """Return what is known after training: the BLAS in use by then, the peak memory in bytes."""
    # Kilobytes on Linux, bytes on macOS: getrusage(2) of each.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"blas": _blas(), "peak_memory_bytes": peak}


def versions() -> dict[str, str]:
    """Return the versions of recsys and of all it requires, optional parts where installed."""
    found = {}
    try:
        required = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return {}
    for line in [_DISTRIBUTION, *required]:
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
        if "extra ==" not in line:
            found[name] = metadata.version(name)
    return found


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match[1] if match else platform.processor() or platform.machine()


def _git() -> dict[str, Any] | None:
    """Return the commit of the working directory, and whether tracked files differ from it."""
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(_GIT, capture_output=True, text=True, timeout=5, env=quiet)
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode:
        return None
    commit, _, dirty = done.stdout.strip().partition("-")
    return {"commit": commit, "dirty": bool(dirty)}


def _blas() -> list[dict[str, Any]]:
    from threadpoolctl import threadpool_info

    keep = ("internal_api", "version", "architecture", "num_threads")
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return [{key: pool[key] for key in keep if key in pool} for pool in pools]
