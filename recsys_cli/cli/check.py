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
    """Check specs: every key, type, bound and name, and that their parts fit together."""
    from recsys_cli import experiment
    from recsys_cli.cli import render
    from recsys_cli.specfile import dump, load

    for path in specs:
        spec = load(path, overrides)
        experiment.check(spec)
        if complete:
            render.say(dump(spec).rstrip())
        else:
            render.note(f"{path}: sound")
