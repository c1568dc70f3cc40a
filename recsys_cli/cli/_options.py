"""Options and arguments that several commands share, with their completion."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def complete_runs(incomplete: str) -> list[str]:
    """Return the ids of runs that begin so."""
    import os

    from recsys_cli.runs import Store

    ids = Store(Path(os.environ.get("RECSYS_RUNS", "runs"))).ids()
    return [id_ for id_ in ["latest", *ids] if id_.startswith(incomplete)]


def complete_specs(incomplete: str) -> list[str]:
    """Return the spec files, and the folders on the way to them, that begin so."""
    folder = Path(incomplete).parent if incomplete else Path("configs")
    if incomplete.endswith("/"):
        folder = Path(incomplete)
    found = [*folder.glob("*.yaml"), *folder.glob("*.yml"), *(p for p in folder.glob("*/"))]
    names = sorted(f"{path}/" if path.is_dir() else str(path) for path in found)
    return [name for name in names if name.startswith(incomplete)]


RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="[RUN]",
        help="A run id (als-7), a spec's name (its newest run), latest, or a path.",
        autocompletion=complete_runs,
    ),
]
SpecArguments = Annotated[
    list[Path],
    typer.Argument(metavar="SPEC...", help="Spec files.", autocompletion=complete_specs),
]
RunsOption = Annotated[
    Path, typer.Option("--runs", envvar="RECSYS_RUNS", help="The folder of runs.")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads to use; all cores by default.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key of the spec: model.factors=128."
    ),
]
FoldOption = Annotated[
    str | None, typer.Option("--fold", help="The fold of a run of several; the first by default.")
]
CountOption = Annotated[int, typer.Option("-k", min=1, help="How many items.")]
