"""``recsys run``: train, evaluate and recommend, as each spec says."""

from __future__ import annotations

from pathlib import Path

from recsys_cli.cli._options import RunsOption, SetOption, SpecArguments, ThreadsOption

NAME = "run"


def command(
    specs: SpecArguments,
    overrides: SetOption = [],
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
) -> None:
    """Train, evaluate and recommend, as each spec says."""
    from recsys_cli import experiment
    from recsys_cli.cli import _lists, _specs, _tables, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.serving import Recommender
    from recsys_cli.threads import use

    for spec in _specs.load(specs, overrides):
        with use(threads), screen() as listener:
            prepared = experiment.prepare(spec, listener)
            run = experiment.train(
                spec, Store(runs), listener, argv=_specs.argv(), prepared=prepared
            )
            experiment.evaluate(run, listener, prepared=prepared)
            _tables.metrics(run)
            if spec.recommend.users:
                recommender = Recommender(run.fold(), exclude_seen=spec.recommend.exclude_seen)
                for found in recommender.for_users(spec.recommend.users, spec.recommend.k):
                    _lists.recommendations(found)
        render.note(f"Run {run.id} is in {run.path}. Next: {_tables.next_command('show', run)}")
