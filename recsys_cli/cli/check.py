"""``recsys check``: validate specs, and audit their splits, without training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys_cli.cli._options import JsonOption, SetOption, SpecArguments, ThreadsOption

if TYPE_CHECKING:
    from recsys_cli.findings import Finding
    from recsys_cli.spec import ExperimentSpec

NAME = "check"


def command(
    specs: SpecArguments,
    overrides: SetOption = [],
    complete: Annotated[
        bool,
        typer.Option(
            "--print", help="Print the complete spec, every default written out, instead."
        ),
    ] = False,
    audit: Annotated[
        bool, typer.Option(help="Audit the splits for leakage, of data that are here already.")
    ] = True,
    threads: ThreadsOption = None,
    json: JsonOption = False,
) -> None:
    """Validate specs; say what their splits leak.

    Keys, types, bounds, names and fit are checked; then the data are split, if they need no
    download, and the audit says what training would know of the test part.
    """
    from recsys_cli.cli import _leakage, _specs, render
    from recsys_cli.findings import documented
    from recsys_cli.specfile import dump
    from recsys_cli.threads import use

    found: dict[str, Any] = {}
    for path, spec in zip(specs, _specs.load(specs, overrides), strict=True):
        if complete:
            render.write(dump(spec))
            continue
        render.note(f"{path}: sound")
        with use(threads):
            findings = _audited(path, spec) if audit else None
        if findings is not None and not json:
            _leakage.table(f"{path}: what training knows of the test part", findings)
        found[str(path)] = None if findings is None else documented(findings)
    if json and not complete:
        render.print_json(found)


def _audited(path: Path, spec: ExperimentSpec) -> list[Finding] | None:
    """Return the audit of all folds together; None where the data are not here."""
    from recsys_cli import experiment
    from recsys_cli.cli import render
    from recsys_cli.cli._screen import screen
    from recsys_cli.errors import RecsysError
    from recsys_cli.findings import together
    from recsys_cli.loaders import LOADERS

    if not LOADERS.create(spec.dataset.loader).at_hand:
        render.note(f"{path}: not audited, for its data are not here")
        return None
    try:
        with screen() as listener:
            return together(experiment.audits(spec, listener))
    except RecsysError as error:
        raise error.within(str(path)) from None
