"""``recsys data``: fetch a dataset, describe one."""

from __future__ import annotations

from typing import Annotated

import typer

from recsys_cli.cli._options import JsonOption, SetOption, ThreadsOption

NAME = "data"
app = typer.Typer(help="Fetch and describe datasets.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="The dataset's name: movielens, synthetic …")]


@app.command("fetch")
def fetch(name: Name, overrides: SetOption = []) -> None:
    """Download and verify a dataset; --set size=1m."""
    from recsys_cli import experiment
    from recsys_cli.cli import render
    from recsys_cli.cli._screen import screen
    from recsys_cli.loaders import LOADERS
    from recsys_cli.specfile import component

    loader = LOADERS.create(component(LOADERS, name, overrides))
    with screen() as listener:
        folder = experiment.fetch(loader, listener)
    render.say(f"{name} needs no download" if folder is None else str(folder))


@app.command("describe")
def describe(
    name: Name,
    overrides: SetOption = [],
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Print a dataset's size, density, spread and time."""
    from recsys_cli import description, experiment
    from recsys_cli.cli import render
    from recsys_cli.cli._screen import screen
    from recsys_cli.loaders import LOADERS
    from recsys_cli.specfile import component
    from recsys_cli.threads import use

    loader = LOADERS.create(component(LOADERS, name, overrides))
    with use(threads), screen() as listener:
        experiment.fetch(loader, listener)
        facts = description.describe(loader.load())
    if json:
        render.print_json(facts)
    else:
        rows = [[key.replace("_", " "), render.plain(value)] for key, value in facts.items()]
        render.print_table(f"Dataset {name}", ["what", "value"], rows)
