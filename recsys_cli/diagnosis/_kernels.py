"""Where numba keeps what it compiles, and whether it is there and current."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from recsys_cli.diagnosis._finding import Finding

_WARM = "recsys doctor --warm compiles them ahead; else the first run waits for it"


def cache(_: Path) -> Iterator[Finding]:
    """Look at the kernel cache: beside the code, in NUMBA_CACHE_DIR or in the user's cache."""
    from recsys_cli import kernels
    from recsys_cli.kernels.sparse import scatter_rows

    if not kernels.kept:
        advice = "set NUMBA_CACHE_DIR to a folder you can write: else each command compiles anew"
        yield Finding("kernel cache", "there is no folder to keep kernels in", advice)
        return
    folder = Path(scatter_rows.stats.cache_path)
    sources = Path(kernels.__file__).parent.glob("*.py")
    counts = [_compiled(folder, source) for source in sources]
    current, stale = sum(n for n, _ in counts), sum(n for _, n in counts)
    found = f"{current} compiled functions in {folder}"
    asked = os.environ.get("NUMBA_CACHE_DIR")
    if asked and Path(asked).resolve() not in folder.resolve().parents:
        yield Finding(
            "NUMBA_CACHE_DIR", f"{asked} cannot be used", "make it a folder you can write"
        )
    if stale:
        found += f"; {stale} of older code, compiled anew when they are used"
    yield Finding("kernel cache", found, None if current else _WARM)


def _compiled(folder: Path, source: Path) -> tuple[int, int]:
    """Return how many functions of a file this Python has compiled as they are, and as they were.

    Numba names an index by file, function and line, so functions that moved leave theirs behind.
    """
    python = "py{}{}".format(*sys.version_info[:2])
    changed = source.stat().st_mtime
    there = [folder / f"{source.stem}.{name}.{python}.nbi" for name in _functions(source)]
    written = [path.stat().st_mtime for path in there if path.exists()]
    stale = sum(time < changed for time in written)
    return len(written) - stale, stale


def _functions(source: Path) -> list[str]:
    """Return name and first line, its decorator's, of each function of a file that has one."""
    tree = ast.parse(source.read_bytes())
    found = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
    return [f"{one.name}-{one.decorator_list[0].lineno}" for one in found if one.decorator_list]
