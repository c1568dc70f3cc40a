"""``recsys data``: fetch a dataset, describe one."""

from __future__ import annotations

from typing import Annotated

import typer

from recsys_cli.cli._options import JsonOption, SetOption

app = typer.Typer(help="Fetch and describe datasets.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="The dataset's name: movielens, synthetic …")]


@app.command("fetch")
def fetch(name: Name, overrides: SetOption = []) -> None:
    """Download a dataset, verify its checksum and unpack it; --set size=1m picks a member."""
    from recsys_cli.cli import render
    from recsys_cli.loaders import LOADERS
    from recsys_cli.specfile import component

    with render.screen() as listener:
        loader = LOADERS.create(component(LOADERS, name, overrides))
        folder = loader.fetch(
            listener.note, lambda done, size: listener.progress("download", done, size or None)
        )
    render.say(f"{name} needs no download" if folder is None else str(folder))


@app.command("describe")
def describe(name: Name, overrides: SetOption = [], json: JsonOption = False) -> None:
    """Print what a dataset holds: counts, density, spread of values, activity, popularity, time."""
    from recsys_cli.cli import render
    from recsys_cli.description import describe as measure
    from recsys_cli.loaders import LOADERS
    from recsys_cli.specfile import component

    facts = measure(LOADERS.create(component(LOADERS, name, overrides)).load())
    if json:
        render.print_json(facts)
    else:
        rows = [[key.replace("_", " "), render.plain(value)] for key, value in facts.items()]
        render.print_table(f"Dataset {name}", ["what", ">value"], rows)
