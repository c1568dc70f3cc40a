"""Peers that cannot be installed beside us: each in an environment that is made here, once.

A peer's script in ``_apart`` runs in a process of its own, which lives as long as the object here,
so that what a library compiles or starts is ready after the warm-up.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

_HERE = Path(__file__).parent
_CONSTRAINTS = _HERE.parent / "constraints.txt"
_FOLDER = _HERE / ".environments"


class Environment(NamedTuple):
    """What is installed, in the versions of constraints.txt, and by which compiler flags.

    The first requirement is the peer itself.
    """

    name: str
    requirements: tuple[str, ...]
    flags: str = ""

    def pinned(self) -> list[str]:
        """Return the requirements, with the versions of those that constraints.txt pins."""
        lines = _CONSTRAINTS.read_text("utf-8").splitlines()
        known = {line.partition("==")[0]: line for line in lines}
        return [known.get(name, name) for name in self.requirements]

    @property
    def version(self) -> str:
        """The peer and its version."""
        return self.pinned()[0].replace("==", " ")

    def python(self) -> Path:
        """Return its interpreter; make the environment where there is none as is asked for."""
        folder = _FOLDER / self.name
        python, made = folder / "bin" / "python", folder / ".made"
        wanted = json.dumps([sys.version, *self, self.pinned()])
        if not made.is_file() or made.read_text("utf-8") != wanted:
            print(f"making the environment of {self.name}, once", file=sys.stderr, flush=True)
            venv.create(folder, clear=True, with_pip=True)
            self._install(python)
            made.write_text(wanted, "utf-8")
        return python

    def _install(self, python: Path) -> None:
        """Install without the cache, which does not tell by which flags a wheel was built."""
        pip = [python, "-I", "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        flags = dict.fromkeys(("CFLAGS", "CXXFLAGS", "LDFLAGS"), self.flags) if self.flags else {}
        done = subprocess.run(
            [*pip, "-c", _CONSTRAINTS, *self.requirements],
            env=os.environ | flags,
            check=False,
            stdout=sys.stderr,
        )
        if done.returncode:
            raise SystemExit(f"the environment of {self.name} could not be made; pip's words above")


class Apart:
    """A peer in its environment, started with ``arrays``; it ends with the ``with`` block.

    Attributes
    ----------
    learned : dict of str to ndarray
        What the last fit left behind.
    """

    def __init__(self, environment: Environment, **arrays: Any) -> None:
        python, name = environment.python(), environment.name
        self._place = tempfile.TemporaryDirectory()
        self._folder, self.name = Path(self._place.name), name
        np.savez(self._folder / "in.npz", **arrays)
        self._log = (self._folder / "log.txt").open("w")
        self._process = subprocess.Popen(
            [python, "-E", _HERE / "_apart" / f"fit_{name}.py", self._folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._answer()
        self._held = self._peak()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and remove its files."""
        self._process.communicate()
        self._log.close()
        self._place.cleanup()

    def fit(self, **settings: Any) -> dict[str, float]:
        """Fit anew; return the seconds, and the MB at the peak above those after loading."""
        self._peak()
        print(json.dumps(settings), file=self._process.stdin, flush=True)
        seconds = float(self._answer())
        memory = (self._peak() - self._held) / 1e6
        self.learned = dict(np.load(self._folder / "out.npz"))
        return {"fit": seconds, "memory": memory}

    def _answer(self) -> str:
        """Return the next line; where the process has ended, say what it said last."""
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self._log.close()
            said = (self._folder / "log.txt").read_text("utf-8", "replace")[-2000:]
            raise SystemExit(f"{self.name} ended in its environment:\n{said}")
        return line

    def _peak(self) -> int:
        """Return the most bytes that its processes have held since this was last asked."""
        import psutil

        own = psutil.Process(self._process.pid)
        return sum(map(_peak, (own, *own.children(recursive=True))))


def _peak(process: Any) -> int:
    """Return the most bytes that a process has held and forget it; elsewhere, what it holds."""
    files = Path("/proc", str(process.pid))
    try:
        lines = (files / "status").read_text("utf-8").splitlines()
        (files / "clear_refs").write_text("5", "utf-8")
    except OSError:
        return int(process.memory_info().rss)
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
