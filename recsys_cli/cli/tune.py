"""``recsys tune``: search the ranges of specs; of several, a leaderboard."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys_cli.cli._formats import Format, FormatOption, chosen
from recsys_cli.cli._options import (
    JsonOption,
    MemoryOption,
    RunsOption,
    SetOption,
    SpecArguments,
    ThreadsOption,
    duration,
)
from recsys_cli.errors import SpecError

if TYPE_CHECKING:
    from recsys_cli.tuning import Tuned

NAME = "tune"

TrialsOption = Annotated[
    int | None, typer.Option("--trials", min=1, help="How many, instead of search.trials.")
]
MaxTimeOption = Annotated[
    str | None,
    typer.Option(
        "--max-time", metavar="TIME", help="Begin no trial of a spec later than this: 90s, 30m, 2h."
    ),
]
WorkersOption = Annotated[
    int,
    typer.Option(
        "--workers", min=1, help="Processes that train trials at once; each holds the data."
    ),
]
ResumeOption = Annotated[
    bool, typer.Option("--resume", help="Go on from the trials that are among the runs already.")
]
SeedOption = Annotated[
    int | None, typer.Option("--seed", min=0, help="Of the draws; the spec's by default.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="The best spec, of several specs the folder of theirs; SPEC-tuned.yaml by default.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite the output.")]


def command(
    paths: SpecArguments,
    trials: TrialsOption = None,
    max_time: MaxTimeOption = None,
    workers: WorkersOption = 1,
    resume: ResumeOption = False,
    seed: SeedOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
    overrides: SetOption = [],
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    form: FormatOption = None,
    json: JsonOption = False,
) -> None:
    """Search the ranges of specs; write the best of each.

    Points of search.space, chosen by search.method, are trained, each as a run, and ranked by
    search.metric on the validation part. The first n points of a seed are the same however many
    follow, and whatever the number of workers. The best so far is written as the search goes on,
    and stays if it stops. Of one spec the test part is never looked at. Several specs get the same
    number of trials; then the best of each is trained and evaluated on the test part, and a
    leaderboard says how they rank and which differences hold.
    """
    from recsys_cli import leaderboard
    from recsys_cli.cli import _leaderboard, _specs
    from recsys_cli.cli._screen import screen
    from recsys_cli.cli._targets import Targets
    from recsys_cli.runs import Store
    from recsys_cli.threads import use
    from recsys_cli.tuning import Budget, tune

    form = chosen(form, json)
    if len(paths) == 1 and form not in (Format.table, Format.json):
        raise SpecError(f"--format {form} is for the leaderboard of several specs")
    budget = Budget(trials, None if max_time is None else duration(max_time), workers)
    specs = _specs.load(paths, overrides)
    metric = leaderboard.check(specs, trials) if len(specs) > 1 else None
    targets = Targets(specs, paths, output, force=force, resume=resume, seed=seed)
    how: dict[str, Any] = {"argv": _specs.argv(), "budget": budget, "seed": seed, "resume": resume}
    with targets, use(threads), screen() as listener:
        if metric is None:
            found = tune(specs[0], Store(runs), listener, keep=targets.write, **how)
        else:
            board = leaderboard.compete(specs, Store(runs), listener, keep=targets.write, **how)
    if metric is None:
        _show(found, targets.paths[specs[0].name], form)
    else:
        _leaderboard.show(board, form)


def _show(found: Tuned, target: Path, form: Format) -> None:
    from recsys_cli.cli import _tables, render

    if form is Format.json:
        document = {"metric": found.search.metric, "seed": found.seed, "spec": str(target)}
        render.print_json(document | {"trials": [asdict(trial) for trial in found.trials]})
    else:
        _tables.trials(found)
        render.note(f"The best spec is {target}. Next: recsys run {target}")
