"""What is printed of a run that is not to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recsys_cli.cli import render
from recsys_cli.memory import spelled

if TYPE_CHECKING:
    from recsys_cli.dry_run import DryRun
    from recsys_cli.runs import Store
    from recsys_cli.spec import ExperimentSpec


def tell(specs: Sequence[ExperimentSpec], store: Store, *, json: bool) -> None:
    """Print what a run of each spec would do: a document of each, or spec and tables.

    Raises
    ------
    OutOfResources
        When all is printed, if there is no memory or disk for one of them.
    """
    from recsys_cli.cli._screen import screen
    from recsys_cli.dry_run import dry_run

    documents, problems = [], []
    for spec in specs:
        with screen() as listener:
            found = dry_run(spec, store, listener)
        documents.append(found.document())
        problems += [] if found.problem is None else [found.problem]
        if not json:
            _tell(spec, found)
    if json:
        render.print_json(documents)
    if problems:
        raise problems[0]


def _tell(spec: ExperimentSpec, found: DryRun) -> None:
    from recsys_cli.specfile import dump

    render.write(dump(spec) + "\n")
    data = found.data
    facts = ("name", "interactions", "users", "items", "skipped", "fingerprint")
    rows = [[fact, render.plain(data[fact])] for fact in facts]
    rows += [[f"filter {n}", _named(one)] for n, one in enumerate(data["prepare"], 1)]
    rows += [[f"fold {one['fold']}", _named(one)] for one in data["folds"]]
    render.print_table("The data", ["what", "value"], rows)
    need = [[name, spelled(size)] for name, size in found.need.parts.items()]
    need += [["in all", spelled(found.need.bytes)], ["limit", str(found.limit)]]
    render.print_table(f"Memory, most of all when {found.need.stage}", ["what", ">size"], need)
    files = [[name, spelled(size)] for name, size in found.files.items()]
    files += [["in all", spelled(sum(found.files.values()))], ["free", spelled(found.free)]]
    render.print_table(f"{found.folder} would hold, about", ["file", ">size"], files)
    render.note("Nothing was written.")


def _named(facts: dict[str, object]) -> str:
    """Return numbers with their names: ``train 800, test 200``."""
    numbers = [(name, value) for name, value in facts.items() if isinstance(value, int | str)]
    return ", ".join(f"{name} {render.plain(value)}" for name, value in numbers if name != "fold")
