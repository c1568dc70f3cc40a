"""``recsys recommend``: ranked items with titles, from the run folder alone."""

from __future__ import annotations

from dataclasses import asdict
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

NAME = "recommend"


def command(
    run: RunArgument = "latest",
    user: Annotated[list[str], typer.Option("--user", "-u", help="A user's id; repeatable.")] = [],
    users: Annotated[
        Path | None, typer.Option("--users", help="A file, one user id a line.")
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            "--history", metavar="ITEM[:VALUE],…", help="What a new user interacted with."
        ),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every user; needs --output.")] = False,
    k: CountOption = 10,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write .parquet, .csv or .jsonl instead.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for an unknown user.")] = False,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Keep what the user already interacted with.")
    ] = False,
    fold: FoldOption = None,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Recommend items to users by id, to all users, or to a history never seen before."""
    from recsys_cli import export
    from recsys_cli.cli import _request, _tables, render
    from recsys_cli.runs import Store
    from recsys_cli.serving import Recommender
    from recsys_cli.threads import use

    asked = _request.read(user, users, history, everyone, output)
    found = Store(runs).find(run)
    with use(threads), render.screen() as listener:
        recommender = Recommender(found.fold(fold), exclude_seen=not include_seen)
        if output is not None:
            rows = export.write(recommender, asked.users, k, output, listener)
            listener.note(f"{rows:,} recommendations are in {output}.")
            return
        lists = (
            [recommender.for_history(asked.history, k)]
            if asked.history is not None
            else recommender.for_users(asked.users or [], k, strict=strict)
        )
    if json:
        render.print_json([asdict(one) for one in lists])
    else:
        for one in lists:
            _tables.recommendations(one)
