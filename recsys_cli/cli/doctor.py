"""``recsys doctor``: is this machine set up well."""

from __future__ import annotations

from pathlib import Path

from recsys_cli.cli._options import JsonOption, RunsOption

NAME = "doctor"


def command(runs: RunsOption = Path("runs"), json: JsonOption = False) -> None:
    """Check this machine: packages, cores, BLAS, folders."""
    from recsys_cli.cli import render
    from recsys_cli.diagnosis import diagnose

    findings = diagnose(runs)
    if json:
        render.print_json([{"what": w, "found": f, "advice": a} for w, f, a in findings])
    else:
        rows = [[what, found, advice or "ok"] for what, found, advice in findings]
        render.print_table(None, ["what", "found", "advice"], rows)
