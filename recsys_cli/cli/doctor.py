"""``recsys doctor``: is this machine set up well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys_cli.cli._options import JsonOption, RunsOption, ThreadsOption

NAME = "doctor"

WarmOption = Annotated[
    bool,
    typer.Option(
        "--warm",
        help="Compile all kernels instead, so that no run waits for it: after installing, or in an "
        "image, as the user who will run recsys.",
    ),
]


def command(
    warm: WarmOption = False,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Check this machine: packages, cores, folders, data."""
    from recsys_cli.cli import render

    if warm:
        _warm(threads, json)
        return
    from recsys_cli.diagnosis import diagnose

    findings = diagnose(runs)
    if json:
        render.print_json([one.document() for one in findings])
    else:
        rows = [[one.what, one.status, one.found, one.advice or ""] for one in findings]
        render.print_table(None, ["what", "status", "found", "what to do"], rows)
    failed = [one for one in findings if one.error is not None]
    if failed and failed[0].error is not None:
        names = ", ".join(one.what for one in failed)
        raise failed[0].error(f"{names}: recsys cannot work so", hint=failed[0].advice)


def _warm(threads: int | None, json: bool) -> None:
    """Compile, and say how much and how long; the second time there is nothing to do."""
    from recsys_cli import warming
    from recsys_cli.cli import render
    from recsys_cli.cli._screen import screen
    from recsys_cli.threads import use

    with use(threads), screen() as listener:
        done = warming.warm(listener)
    if json:
        render.print_json({"compiled": done.compiled, "seconds": round(done.seconds, 3)})
    elif done.compiled:
        render.say(f"Compiled {len(done.compiled)} functions in {done.seconds:.1f} s.")
    else:
        render.say("All kernels are compiled: there was nothing to do.")
