"""``recsys verify``: run specs and hold them against published numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsys_cli.cli._options import JsonOption, RunsOption, ThreadsOption, check_output
from recsys_cli.errors import GateFailed, SpecError

if TYPE_CHECKING:
    from recsys_cli.verdict import Verdict

NAME = "verify"


def command(
    table: Annotated[Path, typer.Argument(help="The table of published numbers.")] = Path(
        "configs/reference/published.yaml"
    ),
    only: Annotated[
        list[str],
        typer.Option("--only", help="Rows with this in spec, settings or metric; repeatable."),
    ] = [],
    seeds: Annotated[
        str | None, typer.Option("--seeds", metavar="1,2,3", help="Instead of the table's.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the results so far as JSON.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Train anew what the folder of runs already has.")
    ] = False,
    runs: RunsOption = Path("runs"),
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Run specs and hold them against published numbers.

    Each spec is trained and evaluated with each seed, unless a run of the same spec, data and
    package versions is there: after a change of the code, ask for --fresh. Exit 3 if a judged row
    does not reach its aim, or an error stops a row.
    """
    from recsys_cli.cli import _specs, _verdicts, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store, atomic_write
    from recsys_cli.threads import use
    from recsys_cli.verification import Verification

    if output is not None:
        check_output(output, table)
    verification = Verification(table, only, _seeds(seeds))
    store, found = Store(runs), []
    with _resumable(fresh), use(threads), screen() as listener:
        for verdict in verification.judge(store, listener, _specs.argv(), fresh=fresh):
            found.append(verdict)
            listener.note(_verdicts.told(verdict))
            if output is not None:
                atomic_write(
                    output.resolve(), render.as_json([asdict(one) for one in found]).encode()
                )
    if json:
        render.print_json([asdict(one) for one in found])
    else:
        _verdicts.verdicts(found)
    _gate(found)


def _gate(found: list[Verdict]) -> None:
    """Raise GateFailed if a judged row does not pass."""
    failed = sum(one.passed is False for one in found)
    if failed:
        judged = sum(one.passed is not None for one in found)
        errors = sum(one.error is not None for one in found)
        why = f", {errors} of them stopped by an error" if errors else ""
        raise GateFailed(f"{failed} of {judged} rows did not reach their aim{why}")


@contextmanager
def _resumable(fresh: bool) -> Iterator[None]:
    """Say, where it is interrupted, how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        from recsys_cli.cli import render

        again = "Run it again without --fresh" if fresh else "Run it again"
        render.note(f"{again}: what is done is reused.")
        raise


def _seeds(text: str | None) -> list[int] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and word.isascii() for word in words) or len({*words}) < len(words):
        raise SpecError("must be different whole numbers, such as 1,2,3", where="--seeds")
    return [int(word) for word in words]
