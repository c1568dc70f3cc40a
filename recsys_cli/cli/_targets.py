"""The files of the best specs so far, which a search writes as it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recsys_cli.cli._options import check_output
from recsys_cli.errors import SpecError

if TYPE_CHECKING:
    from recsys_cli.spec import ExperimentSpec
    from recsys_cli.tuning import Tuned


class Targets:
    """Where the best of each spec goes, known to be free before hours are spent on it.

    A search that stops early says, at the end of the block, what is there.

    Parameters
    ----------
    specs : sequence of ExperimentSpec
    files : sequence of Path
        Theirs.
    output : Path, optional
        The file of one spec, or the folder of several.
    force : bool
        Whether to overwrite what is there.
    resume : bool
        Whether to overwrite what the same search has written.
    seed : int, optional
        Of the searches, by default that of each spec.

    Attributes
    ----------
    paths : dict of str to Path
        By the name of the spec.

    Raises
    ------
    SpecError
        If one is there already and may not be overwritten, or cannot be.
    """

    def __init__(
        self,
        specs: Sequence[ExperimentSpec],
        files: Sequence[Path],
        output: Path | None,
        *,
        force: bool,
        resume: bool,
        seed: int | None,
    ) -> None:
        if output is not None and len(files) > 1 and not output.is_dir():
            raise SpecError(
                "is no folder, and several specs need one", where=str(output), hint="mkdir it first"
            )
        self.paths: dict[str, Path] = {}
        self._trials: dict[str, int] = {}
        for spec, file in zip(specs, files, strict=True):
            path = _path(file, output, len(files) > 1)
            check_output(path, file)
            if path in self.paths.values():
                raise SpecError(
                    "would be the output of two specs", where=str(path), hint="rename one's file"
                )
            if path.exists() and not force and not (resume and _wrote(spec, seed, path)):
                raise _exists(path, resume)
            self.paths[spec.name] = path

    def write(self, found: Tuned) -> None:
        """Write the best spec so far, whole or not at all."""
        from recsys_cli.runs import atomic_write

        atomic_write(self.paths[found.spec.name].resolve(), found.written().encode())
        self._trials[found.spec.name] = len(found.trials)

    def __enter__(self) -> Targets:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            return
        from recsys_cli.cli import render
        from recsys_cli.tuning import counted

        for name, trials in self._trials.items():
            render.note(f"The best of {counted(trials)} so far is in {self.paths[name]}.")


def _wrote(spec: ExperimentSpec, seed: int | None, path: Path) -> bool:
    from recsys_cli.tuning import wrote

    if spec.search is None or not path.is_file():
        return False
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return wrote(spec.search, spec.seed if seed is None else seed, spec.name, text)


def _exists(path: Path, resume: bool) -> SpecError:
    if resume:
        message, other = "exists already, and is not what this search wrote", ""
    else:
        message, other = "exists already", " --resume goes on,"
    return SpecError(message, where=str(path), hint=f"--force overwrites it,{other} or use -o")


def _path(spec: Path, output: Path | None, several: bool) -> Path:
    beside = f"{spec.stem}-tuned.yaml"
    if output is None:
        return spec.with_name(beside)
    return output / beside if several else output
