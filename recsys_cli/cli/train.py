"""``recsys train``: fit and commit a run for each spec."""

from __future__ import annotations

from pathlib import Path

from recsys_cli.cli._options import JsonOption, RunsOption, SetOption, SpecArguments, ThreadsOption

NAME = "train"


def command(
    specs: SpecArguments,
    overrides: SetOption = [],
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Fit the model of each spec and commit the run."""
    from recsys_cli import experiment
    from recsys_cli.cli import _specs, _tables, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.threads import use

    trained = []
    for spec in _specs.load(specs, overrides):
        with use(threads), screen() as listener:
            run = experiment.train(spec, Store(runs), listener, argv=_specs.argv())
        trained.append(run.id)
        render.note(f"Run {run.id} is complete. Next: {_tables.next_command('evaluate', run)}")
        if not json:
            render.say(run.id)
    if json:
        render.print_json(trained)
