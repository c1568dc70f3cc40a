"""``recsys train``: fit and commit a run for each spec, or go on with one that was stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsys_cli.cli._options import (
    CheckpointOption,
    JsonOption,
    MemoryOption,
    RunsOption,
    SetOption,
    ThreadsOption,
    complete_runs,
    complete_specs,
    duration,
)
from recsys_cli.errors import SpecError

if TYPE_CHECKING:
    from recsys_cli.runs import Run

NAME = "train"

ResumeOption = Annotated[
    str | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Instead of a spec: go on with a run that failed or was interrupted, from its newest "
        "checkpoint.",
        autocompletion=complete_runs,
    ),
]


def command(
    specs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SPEC...", help="Spec files.", autocompletion=complete_specs),
    ] = None,
    overrides: SetOption = [],
    resume: ResumeOption = None,
    checkpoint: CheckpointOption = None,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    json: JsonOption = False,
) -> None:
    """Fit the model of each spec and commit the run."""
    from recsys_cli import experiment
    from recsys_cli.cli import _specs, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.threads import use

    every = None if checkpoint is None else duration(checkpoint)
    argv, store, trained = _specs.argv(), Store(runs), []
    if resume is None and not specs:
        raise SpecError("Missing argument 'SPEC...'", hint="or --resume RUN in its place")
    if resume is not None and (specs or overrides):
        raise SpecError("takes no spec and no --set: the run has its own", where="--resume")
    if resume is not None:
        with use(threads), screen() as listener:
            left = store.left(resume)
            listener.note(f"Going on with {left.path.name}.")
            run = experiment.resume(left, store, listener, argv=argv, checkpoint=every)
        trained.append(_told(run, json))
    for spec in _specs.load(specs or [], overrides):
        with use(threads), screen() as listener:
            run = experiment.train(spec, store, listener, argv=argv, checkpoint=every)
        trained.append(_told(run, json))
    if json:
        render.print_json(trained)


def _told(run: Run, json: bool) -> str:
    """Say that a run is complete; return its id."""
    from recsys_cli.cli import _tables, render

    render.note(f"Run {run.id} is complete. Next: {_tables.next_command('evaluate', run)}")
    if not json:
        render.say(run.id)
    return run.id
