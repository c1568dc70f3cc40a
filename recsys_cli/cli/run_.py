"""``recsys run``: train, evaluate and recommend, as each spec says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys_cli.cli._options import (
    CheckpointOption,
    JsonOption,
    MemoryOption,
    RunsOption,
    SetOption,
    SpecArguments,
    ThreadsOption,
    duration,
)
from recsys_cli.errors import SpecError

NAME = "run"

DryRunOption = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what a run would do: the complete spec, the data, the memory that it needs and "
        "the files that it leaves. Nothing is written.",
    ),
]


def command(
    specs: SpecArguments,
    overrides: SetOption = [],
    dry_run: DryRunOption = False,
    checkpoint: CheckpointOption = None,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    json: JsonOption = False,
) -> None:
    """Train, evaluate and recommend, as each spec says."""
    from recsys_cli import experiment
    from recsys_cli.cli import _dry_run, _lists, _specs, _tables, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.serving import Recommender
    from recsys_cli.threads import use

    if json and not dry_run:
        hint = "recsys show RUN --json tells all"
        raise SpecError("goes with --dry-run only", where="--json", hint=hint)
    every = None if checkpoint is None else duration(checkpoint)
    asked, store = _specs.load(specs, overrides), Store(runs)
    if dry_run:
        with use(threads):
            _dry_run.tell(asked, store, json=json)
        return
    for spec in asked:
        with use(threads), screen() as listener:
            prepared = experiment.prepare(spec, listener)
            run = experiment.train(
                spec, store, listener, argv=_specs.argv(), prepared=prepared, checkpoint=every
            )
            experiment.evaluate(run, listener, prepared=prepared)
            _tables.metrics(run)
            if spec.recommend.users:
                recommender = Recommender(run.fold(), exclude_seen=spec.recommend.exclude_seen)
                for found in recommender.for_users(spec.recommend.users, spec.recommend.k):
                    _lists.recommendations(found)
        render.note(f"Run {run.id} is in {run.path}. Next: {_tables.next_command('show', run)}")
