"""What ``recsys doctor`` looks at; each finding is (what, found, advice or None)."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from recsys_cli import threads
from recsys_cli.loaders._home import data_home

Finding = tuple[str, str, str | None]


def diagnose(runs: Path) -> list[Finding]:
    """Return the findings on this machine, the most basic first."""
    return [_python(), *_packages(), _cores(), _blas(), _kernels(), *_folders(runs)]


def _python() -> Finding:
    return (
        "python",
        f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        None,
    )


def _packages() -> list[Finding]:
    """Every core requirement, by what pyproject.toml says of this installation."""
    found: list[Finding] = []
    for requirement in requires("recsys-cli") or []:
        if "extra ==" in requirement:
            continue
        name = requirement.split(";")[0].strip()
        for mark in "<>=!~[ ":
            name = name.split(mark)[0]
        try:
            found.append((name, version(name), None))
        except PackageNotFoundError:
            found.append((name, "missing", f"pip install {name}"))
    return found


def _cores() -> Finding:
    return "cores", f"{threads.available()} of {os.cpu_count()} usable", None


def _blas() -> Finding:
    import numpy  # noqa: F401  the library that is looked at is loaded by it
    from threadpoolctl import threadpool_info

    found = [
        f"{i['internal_api']} {i['version']}" for i in threadpool_info() if i["user_api"] == "blas"
    ]
    return "BLAS", ", ".join(found) or "none seen", None


def _kernels() -> Finding:
    """Where numba keeps what it compiles: beside the code, or in the user's cache."""
    from recsys_cli import kernels
    from recsys_cli.kernels.sparse import scatter_rows

    if not kernels.kept:
        return "kernel cache", "none", "set NUMBA_CACHE_DIR to a folder you can write"
    return "kernel cache", str(scatter_rows.stats.cache_path), None


def _folders(runs: Path) -> list[Finding]:
    home = data_home()
    there = sorted(path.name for path in home.iterdir()) if home.is_dir() else []
    free = shutil.disk_usage(runs if runs.is_dir() else Path.cwd()).free / 2**30
    return [
        ("RECSYS_DATA_HOME", f"{home}: {', '.join(there) or 'empty'}", None),
        ("disk", f"{free:.1f} GiB free", "less than 1 GiB: free some" if free < 1 else None),
    ]
