"""``recsys tune``: seeded random search of a spec's ``search`` block."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsys_cli.cli._options import (
    JsonOption,
    RunsOption,
    SetOption,
    ThreadsOption,
    check_output,
    complete_specs,
)
from recsys_cli.errors import SpecError

if TYPE_CHECKING:
    from recsys_cli.trials import Tuned

NAME = "tune"


def command(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="SPEC", help="A spec with a search block.", autocompletion=complete_specs
        ),
    ],
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="How many, instead of search.trials.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of the draws; the spec's by default.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The best spec; SPEC-tuned.yaml beside it by default."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output.")] = False,
    overrides: SetOption = [],
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Search the ranges of a spec; write the best spec.

    Random points of search.space are trained, each as a run, and ranked by search.metric on the
    validation part; the test part is never looked at. The first n points of a seed are the same
    however many follow. The best so far is written as the search goes on, and stays if it stops.
    """
    from recsys_cli.cli import _specs
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.threads import use
    from recsys_cli.tuning import tune

    target = _target(path, output, force)
    (spec,) = _specs.load([path], overrides)
    with _Kept(target) as kept, use(threads), screen() as listener:
        found = tune(
            spec,
            Store(runs),
            listener,
            argv=_specs.argv(),
            trials=trials,
            seed=seed,
            keep=kept.write,
        )
    _show(found, target, json)


def _show(found: Tuned, target: Path, json: bool) -> None:
    from recsys_cli.cli import _tables, render

    if json:
        document = {"metric": found.search.metric, "seed": found.seed, "spec": str(target)}
        render.print_json(document | {"trials": [asdict(trial) for trial in found.trials]})
    else:
        _tables.trials(found)
        render.note(f"The best spec is {target}. Next: recsys run {target}")


class _Kept:
    """The file of the best spec so far; a search that stops early says what is in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trials = 0

    def write(self, found: Tuned) -> None:
        """Write the best spec so far, whole or not at all."""
        from recsys_cli.runs import atomic_write

        atomic_write(self.path, found.written().encode())
        self.trials = len(found.trials)

    def __enter__(self) -> _Kept:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self.trials:
            from recsys_cli.cli import render
            from recsys_cli.trials import counted

            render.note(f"The best of {counted(self.trials)} so far is in {self.path}.")


def _target(path: Path, output: Path | None, force: bool) -> Path:
    """Return where to write the best spec, known to be free before hours are spent on it."""
    target = output or path.with_name(f"{path.stem}-tuned.yaml")
    check_output(target, path)
    if target.exists() and not force:
        raise SpecError(
            "exists already", where=str(target), hint="--force overwrites it, or use -o"
        )
    return target
