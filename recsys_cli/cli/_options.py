"""Options and arguments that several commands share, with their completion and checks."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from recsys_cli.errors import SpecError
from recsys_cli.visible import quoted

_RUNS = "RECSYS_RUNS"


def complete_runs(context: typer.Context, incomplete: str) -> list[str]:
    """Return ``latest`` and the ids of runs that begin so."""
    latest = ["latest"] if "latest".startswith(incomplete) else []
    return latest + complete_ids(context, incomplete)


def complete_ids(context: typer.Context, incomplete: str) -> list[str]:
    """Return the ids of runs that begin so, in the folder that the command line names."""
    from recsys_cli.runs import Store

    folder = context.params.get("runs") or os.environ.get(_RUNS, "runs")
    return [id_ for id_ in Store(Path(folder)).ids() if id_.startswith(incomplete)]


def complete_specs(incomplete: str) -> list[str]:
    """Return the spec files that begin so, down to two folders below what is typed."""
    typed = incomplete[: incomplete.rfind("/") + 1]
    folder = Path(typed or ".")
    found = [path for below in ("", "*/", "*/*/") for path in folder.glob(f"{below}*.y*ml")]
    names = sorted(path.relative_to(folder).as_posix() for path in found)
    seen = [name for name in names if "/." not in f"/{name}"]
    return [typed + name for name in seen if (typed + name).startswith(incomplete)]


def check_output(path: Path, source: Path, option: str = "-o") -> None:
    """Refuse, before hours are spent, an output that cannot be, or that is the file read.

    It is written anew and renamed, which a pipe or a device cannot be.

    Raises
    ------
    SpecError
    """
    if path.is_dir():
        raise SpecError("is a folder", where=str(path), hint=f"{option} takes a file")
    if not path.parent.is_dir():
        raise SpecError("is in no folder that exists", where=str(path))
    if path.exists() and not path.is_file():
        raise SpecError("is no plain file", where=str(path), hint=f"{option} takes one")
    if path.exists() and source.exists() and path.samefile(source):
        raise SpecError("is the input", where=str(path), hint=f"{option} takes another file")


def _within(context: typer.Context, size: str | None) -> str | None:
    """Keep the whole command within this much memory, before it loads anything."""
    from recsys_cli.memory import within
    from recsys_cli.threads import use

    if not context.resilient_parsing:
        with use(context.params.get("threads")):  # each takes some of what ulimit allows
            context.with_resource(within(size))
    return size


def _folder(runs: Path) -> Path:
    """Refuse, before anything is read, a folder of runs that is something else."""
    if runs.exists() and not runs.is_dir():
        raise SpecError("is no folder", where=str(runs), hint="--runs takes the folder of runs")
    return runs


def duration(text: str) -> float:
    """Return the seconds of a duration such as ``90s``, ``30m`` or ``1.5h``.

    Raises
    ------
    SpecError
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh])", text.strip())
    if found is None or not float(found[1]):
        raise SpecError(f"{quoted(text)} is no duration", hint="such as 90s, 30m or 1.5h")
    return float(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2]]


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
    Path, typer.Option("--runs", envvar=_RUNS, help="The folder of runs.", callback=_folder)
]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", min=1, is_eager=True, help="Threads to use; all cores by default."),
]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="Refuse, before it begins, what would need more memory: 2g, 500m. What is not free, "
        "or not allowed by a control group or ulimit, is refused in any case.",
        callback=_within,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Override a key of the spec: model.factors=128."
    ),
]
CheckpointOption = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="DURATION",
        help="Time between two checkpoints of training: 30s. By default a minute, or more where "
        "one takes over a second.",
    ),
]
FoldOption = Annotated[
    str | None, typer.Option("--fold", help="The fold of a run of several; the first by default.")
]
CountOption = Annotated[int, typer.Option("-k", min=1, help="How many items.")]
