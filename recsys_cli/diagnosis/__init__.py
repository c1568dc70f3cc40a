"""What ``recsys doctor`` looks at: is this machine set up well, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from recsys_cli.diagnosis import _cores, _data, _folder, _kernels, _packages
from recsys_cli.diagnosis._finding import Finding
from recsys_cli.errors import NotFound, RecsysError

__all__ = ["Finding", "diagnose"]

#: By what is looked at; the most basic first.
_CHECKS: dict[str, Callable[[Path], Iterator[Finding]]] = {
    "python": _packages.python,
    "packages": _packages.packages,
    "cores": _cores.cores,
    "settings": _cores.settings,
    "BLAS": _cores.blas,
    "memory": _cores.memory,
    "open files": _cores.open_files,
    "kernel cache": _kernels.cache,
    "runs": _folder.runs,
    "disk": _folder.disk,
    "RECSYS_DATA_HOME": _data.home,
    "parsed data": _data.parsed,
}


def diagnose(runs: Path) -> list[Finding]:
    """Return the findings on this machine, the most basic first; nothing is left changed.

    Parameters
    ----------
    runs : Path
        The folder of runs, which need not exist.
    """
    return [found for what, check in _CHECKS.items() for found in _findings(what, check, runs)]


def _findings(
    what: str, check: Callable[[Path], Iterator[Finding]], runs: Path
) -> Iterator[Finding]:
    """Yield what a check finds; that it cannot even look is a finding."""
    try:
        yield from check(runs)
    except RecsysError as error:
        yield Finding(what, error.message, error.hint, type(error))
    except ImportError as error:
        yield Finding(what, f"cannot be loaded: {error}", "pip install -U recsys-cli", NotFound)
    except Exception as error:
        advice = "RECSYS_DEBUG=1 recsys check SPEC may tell more"
        yield Finding(what, f"{type(error).__name__}: {error}", advice, RecsysError)
