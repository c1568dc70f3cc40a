"""``recsys show``: one run, what it is and what it scored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys_cli.cli._options import CountOption, FoldOption, JsonOption, RunArgument, RunsOption

NAME = "show"


def command(
    run: RunArgument = "latest",
    factors: Annotated[
        bool, typer.Option("--factors", help="Print the top items of each factor instead.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every file's sha256 first.")
    ] = False,
    k: CountOption = 5,
    fold: FoldOption = None,
    runs: RunsOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Print a run: facts, metrics, training; or its factors.

    -k is the number of items a factor.
    """
    from recsys_cli.cli import _card, render
    from recsys_cli.runs import Store

    found = Store(runs).find(run)
    if verify:
        found.verify()
        render.note(f"Every file of {found.id} is as it was written.")
    if factors:
        _card.factors(found.fold(fold), k, json)
    elif json:
        render.print_json({"record": found.record, "metrics": found.metrics})
    else:
        _card.card(found, found.fold(fold))
