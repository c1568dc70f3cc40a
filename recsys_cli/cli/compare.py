"""``recsys compare``: runs side by side, with paired tests and gates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer

from recsys_cli.cli._formats import FormatOption, chosen
from recsys_cli.cli._options import JsonOption, RunsOption, complete_runs

NAME = "compare"
# Those of statistics and gates, which import numpy: help must not.
Test = Literal["t", "wilcoxon", "permutation", "bootstrap"]
Judge = Literal["point", "certain", "possible"]


RunArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN RUN...", help="The first is the baseline.", autocompletion=complete_runs
    ),
]
TestOption = Annotated[
    Test, typer.Option("--test", metavar="TEST", help=f"One of {', '.join(get_args(Test))}.")
]
AllPairsOption = Annotated[
    bool, typer.Option("--all-pairs", help="Hold each run against all before it.")
]
GatesOption = Annotated[
    list[str],
    typer.Option(
        "--fail-if",
        metavar="GATE",
        help="Exit 3 if a difference from the first run is so: 'ndcg@10 < -1%', 'rmse > 0.01'.",
    ),
]
JudgeOption = Annotated[
    Judge,
    typer.Option(
        "--judge",
        metavar="WHAT",
        help="What a gate holds to its limit: point, the difference; certain, all of its 95% "
        "interval; possible, any of it.",
    ),
]
AnyTestSetOption = Annotated[
    bool, typer.Option("--any-test-set", help="Compare runs whose test sets differ.")
]


def command(
    references: RunArguments,
    test: TestOption = "t",
    all_pairs: AllPairsOption = False,
    fail_if: GatesOption = [],
    judge: JudgeOption = "point",
    any_test_set: AnyTestSetOption = False,
    runs: RunsOption = Path("runs"),
    form: FormatOption = None,
    json: JsonOption = False,
) -> None:
    """Compare runs with the first, by paired tests over users."""
    from recsys_cli import gates
    from recsys_cli.cli import _comparisons, render
    from recsys_cli.comparison import compare
    from recsys_cli.errors import GateFailed
    from recsys_cli.runs import Store

    form, wanted = chosen(form, json), [gates.gate(text) for text in fail_if]
    found = [Store(runs).find(reference) for reference in references]
    rows = compare(found, any_test_set=any_test_set, test=test, all_pairs=all_pairs)
    failed = gates.failures(wanted, rows, judge)
    for note in _notes(found, wanted, {row.metric for row in rows}):
        render.note(note)
    render.note(_comparisons.said(rows))
    _comparisons.comparisons(rows, form, all_pairs=all_pairs)
    if failed:
        raise GateFailed("; ".join(failed), where=f"{len(failed)} failed")


def _notes(found: list[Any], wanted: list[Any], compared: set[str]) -> list[str]:
    """Return what to know before reading the comparison."""
    from recsys_cli.cli import _tables
    from recsys_cli.comparison import not_shared

    notes = list(dict.fromkeys(filter(None, map(_tables.warning, found))))
    if len({str(run.record["fingerprints"]["split"]) for run in found}) > 1:
        notes.append(
            "These runs trained on different rows, so what they may recommend differs too."
        )
    only = [f"{name} ({', '.join(ids)})" for name, ids in not_shared(found).items()]
    if only:
        notes.append(f"Not compared, for only some runs have it: {'; '.join(only)}.")
    shared = [name for name in found[0].metrics["metrics"] if name not in not_shared(found)]
    left = [name for name in shared if name not in compared]
    if left:
        notes.append(
            f"Not compared, for it is of all lists together, and test sets may differ: "
            f"{', '.join(left)}."
        )
    notes += [
        f"{gate.text}: the better {gate.metric} is, the sooner this fails."
        for gate in wanted
        if gate.fails_the_better
    ]
    return notes
