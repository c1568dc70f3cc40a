"""The command line: one command a file; each parses, makes one call and renders."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with the code that fits what happened."""
    from recsys_cli.cli._app import run

    sys.exit(run(sys.argv[1:]))
