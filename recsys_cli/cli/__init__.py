"""The command line: one command a file; each parses, makes one call and renders."""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line and exit with the code that fits what happened."""
    from recsys_cli.cli._app import run

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A title that the terminal's encoding lacks is no reason to stop.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
