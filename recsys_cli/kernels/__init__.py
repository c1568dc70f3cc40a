"""Numba kernels on plain arrays. What is compiled is kept on disk, and told while it happens."""

from __future__ import annotations

import atexit
import contextlib
import re
from pathlib import Path
from typing import Any

from numba import config
from numba.core import event
from numba.core.caching import FunctionCache

from recsys_cli.compilation import tell
from recsys_cli.temporary import scratch

_CALLS = re.compile(r"^from recsys_cli\.kernels\.(\w+) import", re.MULTILINE)


class _Compilations(event.Listener):
    def on_start(self, event: Any) -> None:
        package, _, file = event.data["dispatcher"].py_func.__module__.rpartition(".")
        if package == __name__:
            tell(file, event.data["dispatcher"].py_func.__name__)

    def on_end(self, event: Any) -> None:
        """Say nothing."""


def _forget_stale(folder: Path) -> None:
    """Drop what was compiled before a file changed that it takes functions from.

    Numba sees only a change of the file that a kernel is in.
    """
    called = {
        path: [folder / f"{name}.py" for name in _CALLS.findall(path.read_text("utf-8"))]
        for path in folder.glob("*.py")
    }
    for path in called:
        changed = max((one.stat().st_mtime for one in _reached(path, called)), default=0)
        for index in (folder / "__pycache__").glob(f"{path.stem}.*.nbi") if changed else ():
            # Where it cannot be dropped, as in a folder that is not ours, nobody edits either.
            with contextlib.suppress(OSError):
                if index.stat().st_mtime < changed:
                    index.unlink()


def _reached(path: Path, called: dict[Path, list[Path]]) -> set[Path]:
    """Return the files that ``path`` takes functions from, and those that they do."""
    found: set[Path] = set()
    ahead = [path]
    while ahead:
        new = [one for one in called.get(ahead.pop(), []) if one in called and one not in found]
        found.update(new)
        ahead += new
    return found


def _can_keep() -> bool:
    """Return whether there is a folder for what is compiled.

    That is NUMBA_CACHE_DIR, this folder or the user's cache. Without one numba would compile
    nothing that asks to be kept: then it gets a folder that goes with the process.
    """
    try:
        FunctionCache(_forget_stale)
    except RuntimeError:
        stack = contextlib.ExitStack()
        atexit.register(stack.close)
        config.CACHE_DIR = str(stack.enter_context(scratch("kernels")))
        return False
    return True


#: Whether compiled kernels outlive the process.
kept = _can_keep()
event.register("numba:compile", _Compilations())
_forget_stale(Path(__file__).parent)
