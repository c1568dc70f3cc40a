"""The command line: one command a file; each parses, makes one call and renders."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from recsys_cli import interruption


def main() -> None:
    """Run the command line and exit with the code that fits what happened."""
    # Closed by whoever started this, as by >&-: what would be said goes nowhere.
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A title that the terminal's encoding lacks is no reason to stop.
            stream.reconfigure(errors="backslashreplace")
    try:
        interruption.guard()
        from recsys_cli.cli._app import run

        code = run(sys.argv[1:])
    except interruption.Interrupted as error:  # before the app could answer for it
        sys.stderr.write("error: interrupted\n")
        code = error.code
    interruption.finished(code)
    sys.exit(code)
