"""``recsys evaluate``: score a run on its test part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys_cli.cli._conventions import ConventionOption
from recsys_cli.cli._options import JsonOption, RunArgument, RunsOption, ThreadsOption
from recsys_cli.errors import SpecError

NAME = "evaluate"


ListsOption = Annotated[
    Path | None,
    typer.Option(
        "--recommendations",
        metavar="FILE",
        help="Score lists made elsewhere (columns user, item and rank, best 1, or score, best "
        "largest) on the test part of a spec, whose file takes the place of RUN.",
    ),
]
MetricOption = Annotated[
    list[str],
    typer.Option(
        "--metric", help="Measure this instead of what the spec asks: ndcg@5; repeatable."
    ),
]


def command(
    run: RunArgument = "latest",
    recommendations: ListsOption = None,
    metric: MetricOption = [],
    conventions: ConventionOption = [],
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Score a run on its test part and write its metrics.

    The data are loaded and split again; both must have the hashes that the run was trained on.
    """
    from recsys_cli import experiment, external
    from recsys_cli.cli import _conventions, _specs, _tables, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.threads import use

    asked = _conventions.asked(conventions)
    _known(metric)
    if recommendations is not None:
        if run == "latest":
            raise SpecError("--recommendations needs a spec file in the place of RUN")
        spec = experiment.measuring(_specs.load([Path(run)], [])[0], metric)
        with use(threads), screen() as listener:
            argv = _specs.argv()
            found = external.evaluate(
                spec, recommendations, Store(runs), listener, argv=argv, conventions=asked
            )
    else:
        found = Store(runs).find(run)
        with use(threads), screen() as listener:
            experiment.evaluate(found, listener, metrics=metric, conventions=asked)
    if json:
        render.print_json(found.metrics)
    else:
        _tables.metrics(found)
        _conventions.tables(found)


def _known(metrics: list[str]) -> None:
    from recsys_cli.metrics import parse

    for name in metrics:
        try:
            parse(name)
        except SpecError as error:
            raise error.within("--metric") from None
