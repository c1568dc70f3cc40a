"""``recsys train``: fit and commit a run for each spec."""

from __future__ import annotations

import sys
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
    """Train the model of each spec and commit the run; nothing is evaluated."""
    from recsys_cli import experiment
    from recsys_cli.cli import render
    from recsys_cli.runs import Store
    from recsys_cli.specfile import load
    from recsys_cli.threads import use

    loaded = [load(path, overrides) for path in specs]
    trained = []
    with use(threads), render.screen() as listener:
        for spec in loaded:
            run = experiment.train(spec, Store(runs), listener, argv=sys.argv)
            trained.append(run.id)
            listener.note(f"Run {run.id} is complete. Next: recsys evaluate {run.id}")
    if json:
        render.print_json(trained)
    else:
        render.say("\n".join(trained))
