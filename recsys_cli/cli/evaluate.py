"""``recsys evaluate``: score a run on its test part."""

from __future__ import annotations

from pathlib import Path

from recsys_cli.cli._options import JsonOption, RunArgument, RunsOption, ThreadsOption

NAME = "evaluate"


def command(
    run: RunArgument = "latest",
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Score a run on its test part and write its metrics.

    The data are loaded and split again; both must have the hashes that the run was trained on.
    """
    from recsys_cli import experiment
    from recsys_cli.cli import _tables, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.threads import use

    found = Store(runs).find(run)
    with use(threads), screen() as listener:
        experiment.evaluate(found, listener)
    if json:
        render.print_json(found.metrics)
    else:
        _tables.metrics(found)
