"""The specs of a command line: all are read and checked before any of them runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_cli.errors import SpecError

if TYPE_CHECKING:
    from recsys_cli.spec import ExperimentSpec


def load(paths: Sequence[Path], overrides: Sequence[str]) -> list[ExperimentSpec]:
    """Return the specs, each sound by itself and in the way its parts fit together.

    Raises
    ------
    SpecError
        For the first that is not; it says which file.
    """
    from recsys_cli import soundness, specfile

    specs = []
    for path in paths:
        spec = specfile.load(path, overrides)
        try:
            soundness.check(spec)
        except SpecError as error:
            raise error.within(specfile.place(path, overrides, error.where or "")) from None
        specs.append(spec)
    return specs


def argv() -> list[str]:
    """Return the command line as text that a record can hold."""
    return [os.fsencode(word).decode("utf-8", "backslashreplace") for word in sys.argv]
