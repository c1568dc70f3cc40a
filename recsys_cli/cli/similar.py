"""``recsys similar``: the nearest items of an item."""

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

NAME = "similar"


def command(
    item: Annotated[str, typer.Option("--item", help="The item's id, as the data have it.")],
    run: RunArgument = "latest",
    k: CountOption = 10,
    fold: FoldOption = None,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Print the items that a model finds most similar to an item."""
    from recsys_cli.cli import _lists, render
    from recsys_cli.runs import Store
    from recsys_cli.serving import Recommender
    from recsys_cli.threads import use

    with use(threads):
        recommender = Recommender(Store(runs).find(run).fold(fold))
        found = recommender.similar(item, k)
    if json:
        render.print_json([asdict(one) for one in found])
    elif found:
        _lists.scored(f"Items like {recommender.title(item)}", found, "similarity")
    if not found:
        name, title = recommender.model.spec_name(), recommender.title(item)
        why = "" if recommender.knows(item) else ", which has no training interactions"
        render.note(f"Note: to {name}, no other item is like {title}{why}.")
