"""Data: where their files lie, which are there whole, and where parsed copies go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from recsys_cli.diagnosis._finding import Finding
from recsys_cli.diagnosis._folder import existing, trial
from recsys_cli.errors import need

if TYPE_CHECKING:
    from recsys_cli.loaders._published import PublishedLoader

_HOME = "RECSYS_DATA_HOME"


def home(_: Path) -> Iterator[Finding]:
    """Look at the data home, and which of the published datasets lie there whole."""
    from recsys_cli.loaders._home import data_home

    folder = data_home()
    if not os.path.lexists(folder):
        advice = f"make it, or correct {_HOME}" if os.environ.get(_HOME) else None
        yield Finding(_HOME, f"{folder}: not there; the first download makes it", advice)
        return
    try:
        list(folder.iterdir())
    except OSError as error:
        yield Finding(_HOME, f"{folder}: {error.strerror or error}", f"correct {_HOME}")
        return
    whole, parts = [], []
    for loader in _published():
        state = _state(folder, loader)
        whole += [loader.source.name] if state is None else []
        parts += [Finding(loader.source.name, state, _mend(loader))] if state else []
    yield Finding(_HOME, f"{folder}: {', '.join(whole) or 'no dataset yet'}")
    yield from parts


def parsed(_: Path) -> Iterator[Finding]:
    """Look at whether parsed data can be kept."""
    from recsys_cli.loaders._home import cache_home

    folder = cache_home()
    try:
        with trial(existing(folder)):
            yield Finding("parsed data", f"kept in {folder}")
    except OSError as error:
        found = f"cannot be kept in {folder}: {error.strerror or error}"
        advice = "set RECSYS_CACHE to a folder you can write: else each run parses its data anew"
        yield Finding("parsed data", found, f"{need(error)}; {advice}")


def _published() -> Iterator[PublishedLoader[Any]]:
    """Yield every published dataset, each size of a family."""
    from recsys_cli.loaders import LOADERS
    from recsys_cli.loaders._published import PublishedLoader

    for name in LOADERS:
        kind = LOADERS.get(name)
        if not issubclass(kind, PublishedLoader):
            continue
        sizes = [
            (key, value)
            for key, field in kind.Config.model_fields.items()
            if get_origin(field.annotation) is Literal
            for value in get_args(field.annotation)
        ]
        yield from (kind(**{key: value}) for key, value in sizes) if sizes else [kind()]


def _state(home: Path, loader: PublishedLoader[Any]) -> str | None:
    """Return what is wrong with a dataset's files: None if nothing, ``""`` if there are none."""
    folder = home / loader.source.folder
    found = {name: folder / name for name in loader.source.files}
    lacking = [name for name, path in found.items() if not path.is_file()]
    if len(lacking) == len(found):
        return ""
    if lacking:
        return f"{folder} lacks {', '.join(lacking)}"
    for path in found.values():
        if not os.access(path, os.R_OK):
            return f"{path} cannot be read"
        if not path.stat().st_size:
            return f"{path} is empty"
    return None


def _mend(loader: PublishedLoader[Any]) -> str:
    if loader.source.archive is None:
        return f"get it again from {loader.source.page}"
    name, *parameters = loader.config.describe().items()
    asked = "".join(f" --set {key}={value}" for key, value in parameters)
    return f"delete it, then recsys data fetch {name[1]}{asked}"
