"""What commands print of the audit of leakage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recsys_cli.cli import render
from recsys_cli.findings import Finding, in_metrics, sentence

if TYPE_CHECKING:
    from recsys_cli.runs import Run


def table(title: str, findings: Sequence[Finding]) -> None:
    """Print one line a finding."""
    rows = [[one.severity, *map(render.plain, (one.count, one.of)), one.says] for one in findings]
    render.print_table(title, ["severity", ">how many", ">of", "what"], rows)


def of_run(run: Run) -> None:
    """Print what the evaluation of a run found; one line where that is nothing."""
    findings = in_metrics(run.metrics or {})
    if findings is None:
        return  # an older recsys evaluated it
    there = [one for one in findings if one.severity != "none"]
    if there:
        table("What training knows of the test part", there)
    else:
        render.note(sentence(findings))
