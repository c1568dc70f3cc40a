"""``recsys runs``: every run; tag one, move some to the trash, delete what is old."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from click.core import ParameterSource

from recsys_cli.cli._options import JsonOption, RunsOption, complete_ids
from recsys_cli.errors import SpecError

NAME = "runs"
app = typer.Typer(rich_markup_mode=None)

Id = Annotated[
    str, typer.Argument(metavar="RUN", help="A run id: als-7.", autocompletion=complete_ids)
]


@app.callback(invoke_without_command=True)
def listing(
    context: typer.Context, runs: RunsOption = Path("runs"), json: JsonOption = False
) -> None:
    """List all runs, newest first; tag or remove some."""
    from recsys_cli.cli import _tables, render
    from recsys_cli.runs import Store

    if context.invoked_subcommand is not None:
        _refuse_before(context)
        return
    found = Store(runs).runs()
    if json:
        render.print_json([asdict(run) for run in found])
    elif found:
        _tables.runs(found)
    else:
        render.note(f"No runs in {runs}. Start with: recsys run configs/als.yaml")


@app.command("rm")
def remove(
    ids: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Run ids: als-7 als-8.", autocompletion=complete_ids),
    ],
    runs: RunsOption = Path("runs"),
) -> None:
    """Move runs to the trash; a tagged one stays."""
    from recsys_cli import runs as library
    from recsys_cli.cli import render

    for path in library.remove(library.Store(runs), ids):
        render.say(str(path))
    render.note("Move a run back to restore it; recsys runs gc deletes it for good after 30 days.")


@app.command("gc")
def collect(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be deleted, and delete nothing.")
    ] = False,
    days: Annotated[
        int, typer.Option("--days", min=0, help="Keep what is younger, but for stray files.")
    ] = 30,
    failed: Annotated[bool, typer.Option("--failed", help="Delete failed runs too.")] = False,
    interrupted: Annotated[
        bool,
        typer.Option(
            "--interrupted", help="Delete interrupted runs too: train --resume wants them."
        ),
    ] = False,
    runs: RunsOption = Path("runs"),
    json: JsonOption = False,
) -> None:
    """Delete old trash and what killed runs left behind."""
    from recsys_cli import runs as library
    from recsys_cli.cli import _tables, render

    store = library.Store(runs)
    asked: dict[library.Dead, bool] = {"failed": failed, "interrupted": interrupted}
    found = library.find_waste(store, days=days, dead=[kind for kind in asked if asked[kind]])
    if not dry_run:
        found = library.collect(store, found)
    if json:
        render.print_json([asdict(one) | {"path": str(one.path)} for one in found])
    else:
        _tables.waste(found, runs, kept=dry_run)


@app.command("tag")
def tag(
    run: Id,
    name: Annotated[str, typer.Argument(metavar="TAG", help="A word: best, paper-v2.")],
    runs: RunsOption = Path("runs"),
) -> None:
    """Tag a run: it is never deleted."""
    from recsys_cli.cli import render
    from recsys_cli.runs import Store, add_tag

    render.say(f"{run}: {', '.join(add_tag(Store(runs).exactly(run), name))}")


@app.command("untag")
def untag(
    run: Id,
    name: Annotated[str, typer.Argument(metavar="TAG", help="As recsys runs shows it.")],
    runs: RunsOption = Path("runs"),
) -> None:
    """Take a tag off a run."""
    from recsys_cli.cli import render
    from recsys_cli.runs import Store, remove_tag

    render.say(f"{run}: {', '.join(remove_tag(Store(runs).exactly(run), name)) or 'no tags'}")


def _refuse_before(context: typer.Context) -> None:
    """Refuse options of the list before a command, which would be lost: rm must know its folder."""
    for name in ("runs", "json"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            command = context.invoked_subcommand
            raise SpecError(
                f"--{name} comes too early", hint=f"put it after the command: recsys runs {command}"
            )
