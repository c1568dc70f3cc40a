"""``recsys check``: validate specs without running them."""

from __future__ import annotations

from typing import Annotated

import typer

from recsys_cli.cli._options import SetOption, SpecArguments

NAME = "check"


def command(
    specs: SpecArguments,
    overrides: SetOption = [],
    complete: Annotated[
        bool, typer.Option("--print", help="Print the complete spec, every default written out.")
    ] = False,
) -> None:
    """Validate specs: keys, types, bounds, names and fit."""
    from recsys_cli.cli import _specs, render
    from recsys_cli.specfile import dump

    for path, spec in zip(specs, _specs.load(specs, overrides), strict=True):
        if complete:
            render.say(dump(spec).rstrip())
        else:
            render.note(f"{path}: sound")
