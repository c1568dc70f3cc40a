"""``recsys recommend``: ranked items with titles, from the run folder alone."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from recsys_cli.cli import _options, _request

NAME = "recommend"


def command(
    run: _options.RunArgument = "latest",
    user: _request.UserOption = [],
    users: _request.UsersOption = None,
    history: _request.HistoryOption = None,
    everyone: _request.AllOption = False,
    k: _options.CountOption = 10,
    output: _request.OutputOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for an unknown user.")] = False,
    include_seen: Annotated[
        bool, typer.Option("--include-seen", help="Keep what the user already interacted with.")
    ] = False,
    fold: _options.FoldOption = None,
    runs: _options.RunsOption = Path("runs"),
    threads: _options.ThreadsOption = None,
    json: _options.JsonOption = False,
) -> None:
    """Recommend to users by id, to everyone, or to a history."""
    from recsys_cli.cli import _tables, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.serving import Recommender
    from recsys_cli.threads import use

    asked = _request.read(user, users, history, everyone, output)
    found = Store(runs).find(run)
    with use(threads), screen() as listener:
        recommender = Recommender(found.fold(fold), exclude_seen=not include_seen)
        if strict:
            recommender.require(asked.users or [])
        if output is not None:
            from recsys_cli.export import write

            rows = write(recommender, asked.users, k, output, listener)
            listener.note(f"{rows:,} recommendations are in {output}.")
            return
        if asked.history is not None:
            lists = [recommender.for_history(asked.history, k)]
        else:
            lists = recommender.for_users(asked.users or [], k)
    if json:
        render.print_json([asdict(one) for one in lists])
    else:
        for one in lists:
            _tables.recommendations(one)
