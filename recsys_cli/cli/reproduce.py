"""``recsys reproduce``: run a run again from its record, and say whether it comes to the same."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsys_cli.cli._options import JsonOption, RunArgument, RunsOption, ThreadsOption
from recsys_cli.errors import GateFailed, SpecError

if TYPE_CHECKING:
    from recsys_cli.reproduction import Reproduction

NAME = "reproduce"
#: Changes that are shown; --json has them all.
_SHOWN = 20


def command(
    run: RunArgument = "latest",
    tolerance: Annotated[
        float | None,
        typer.Option("--tolerance", help="Relative difference that passes; 0.01 by default."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the new run beside the others.")
    ] = False,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Run a run again from its record and compare the two.

    Says whether arrays and metrics have identical bits or differ within the tolerance, and what of
    data, spec, code, versions and machine has changed. Exit 3 if they differ by more, 5 if the data
    are others. The run itself is left as it is.
    """
    from recsys_cli.cli import _specs, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.reproduction import TOLERANCE, reproduce
    from recsys_cli.runs import Store
    from recsys_cli.threads import use

    tolerance = TOLERANCE if tolerance is None else tolerance
    if not 0 <= tolerance < math.inf:
        raise SpecError("must be a number of at least 0, such as 0.01", where="--tolerance")
    store = Store(runs)
    original = store.find(run)
    with use(threads), screen() as listener:
        found = reproduce(
            original,
            listener,
            argv=_specs.argv(),
            store=store if keep else None,
            tolerance=tolerance,
        )
    if json:
        render.print_json(asdict(found))
    else:
        _show(found)
    if found.verdict == "different":
        beyond = sum(not change.within(tolerance) for change in found.changes)
        raise GateFailed(
            f"{found.run} is not reproduced: {beyond} of {found.arrays + found.metrics} arrays and "
            f"metrics differ by more than {tolerance:.2%}"
        )


def _show(found: Reproduction) -> None:
    from recsys_cli.cli import render

    changes = sorted(found.changes, key=lambda one: (one.kind == "array", -(one.relative or 9e9)))
    rows = [
        [
            one.fold,
            f"{one.kind} {one.name}",
            one.then,
            one.now,
            "–" if one.relative is None else f"{one.relative:.2e}",
            "yes" if one.within(found.tolerance) else "NO",
        ]
        for one in changes[:_SHOWN]
    ]
    if rows:
        columns = ["fold", "what", ">then", ">now", ">relative difference", "within"]
        render.print_table(_title(found, len(rows)), columns, rows)
    if found.differences:
        rows = [[d.kind, d.name, d.then or "–", d.now or "–"] for d in found.differences]
        render.print_table("What has changed since", ["of", "what", "then", "now"], rows)
    else:
        render.note("Data, spec, code, versions and machine are those of the run.")
    if not found.metrics:
        render.note(f"{found.run} is not evaluated, so the models alone were compared.")
    if not found.deterministic:
        render.note("This model does not promise the same bits twice.")
    render.say(_sentence(found))


def _title(found: Reproduction, shown: int) -> str:
    total = len(found.changes)
    rest = f", {shown} of them shown" if shown < total else ""
    return f"{total} of {found.arrays + found.metrics} arrays and metrics differ{rest}"


def _sentence(found: Reproduction) -> str:
    verdict = {
        "identical": "identical bits",
        "within tolerance": f"the same within a tolerance of {found.tolerance:.2%}",
        "different": "not reproduced",
    }[found.verdict]
    kept = f", kept as {found.kept}" if found.kept else ""
    counts = f"compared: arrays {found.arrays}, metrics {found.metrics}"
    return f"{found.run}: {verdict} ({counts}){kept}."
