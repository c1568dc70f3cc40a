"""``recsys show``: one run, what it is and what it scored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys_cli.cli._options import (
    CountOption,
    FoldOption,
    JsonOption,
    RunArgument,
    RunsOption,
    ThreadsOption,
)
from recsys_cli.errors import SpecError

NAME = "show"

ByOption = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="GROUPS",
        help="Print metrics by activity, cold, popularity, repeat or a column of users or items; "
        "or the worst users.",
    ),
]


def command(
    run: RunArgument = "latest",
    factors: Annotated[
        bool, typer.Option("--factors", help="Print the top items of each factor instead.")
    ] = False,
    by: ByOption = None,
    metric: Annotated[
        list[str], typer.Option("--metric", help="With --by: this metric only; repeatable.")
    ] = [],
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every file's sha256 first.")
    ] = False,
    k: CountOption = 5,
    fold: FoldOption = None,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Print a run: facts, metrics, by group too, or factors.

    -k is the number of items a factor, and of --by worst users.
    """
    from recsys_cli.cli import _breakdown, _card, render
    from recsys_cli.runs import Store
    from recsys_cli.threads import use

    if (by is None and metric) or (by is not None and factors):
        raise SpecError("--metric goes with --by, and --factors without it")
    found = Store(runs).find(run)
    if verify:
        found.verify()
        render.note(f"Every file of {found.id} is as it was written.")
    with use(threads):
        if by is not None:
            _breakdown.show(found, by, metric, fold, k, json)
        elif factors:
            _card.factors(found.fold(fold), k, json)
        elif json:
            facts = {"record": found.record, "tags": found.tags, "metrics": found.metrics}
            render.print_json(facts)
        else:
            _card.card(found, found.fold(fold))
