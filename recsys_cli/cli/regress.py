"""``recsys regress``: fail when a metric falls beyond its tolerance."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsys_cli.cli import render
from recsys_cli.cli._options import (
    JsonOption,
    MemoryOption,
    RunsOption,
    SpecArguments,
    ThreadsOption,
    check_output,
)

if TYPE_CHECKING:
    from recsys_cli.regression import Gate

NAME = "regress"


def command(
    specs: SpecArguments,
    baseline: Annotated[Path, typer.Option("--baseline", help="The JSON file to hold against.")],
    bless: Annotated[
        bool,
        typer.Option(
            "--bless", help="Make the values measured now the baseline, and keep the runs."
        ),
    ] = False,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    memory: MemoryOption = None,
    json: JsonOption = False,
) -> None:
    """Run specs and fail (exit 3) when a metric falls.

    They run in a scratch folder, with --bless in that of runs; a metric may fall by its tolerance.
    """
    from recsys_cli.cli._screen import screen
    from recsys_cli.errors import GateFailed
    from recsys_cli.regression import regress
    from recsys_cli.runs import Store
    from recsys_cli.threads import use

    if bless:
        check_output(baseline, specs[0], "--baseline")
    with use(threads), screen() as listener:
        gates = regress(specs, baseline, listener, bless=Store(runs) if bless else None)
    if json:
        render.print_json([asdict(gate) for gate in gates])
    else:
        rows = [_row(gate, bless) for gate in gates]
        columns = ["spec", "metric", ">baseline", ">now", ">tolerance", "gate"]
        render.print_table(None, columns, rows)
    failed = sum(not gate.passed for gate in gates)
    if failed and not bless:
        raise GateFailed(
            f"{failed} of {len(gates)} metrics did not hold", hint="--bless accepts the new values"
        )


def _row(gate: Gate, bless: bool) -> list[str]:
    return [
        gate.spec,
        gate.metric,
        render.number(gate.baseline),
        render.number(gate.value),
        f"{gate.tolerance:.1%}",
        "blessed" if bless else "ok" if gate.passed else "FAILED",
    ]
