"""The features of a run's users and items, read from the data that it was trained on."""

from __future__ import annotations

from typing import Literal

from recsys_cli.breakdown._groups import BUILT_IN, Column
from recsys_cli.data import Features, SideFeatures
from recsys_cli.errors import SpecError, SplitMismatch
from recsys_cli.listener import Listener
from recsys_cli.loaders import LOADERS
from recsys_cli.runs import Run
from recsys_cli.specfile import from_document
from recsys_cli.spelling import nearest
from recsys_cli.visible import quoted

#: What a name may begin with where users and items have a column of the same name.
_PREFIXES: dict[Literal["users", "items"], str] = {"users": "user.", "items": "item."}


def column_of(run: Run, by: str, listener: Listener) -> Column:
    """Return a column of the features by its name, or as ``user.name`` or ``item.name``.

    Features are no part of a run folder, which would grow with every tag of the catalogue.

    Raises
    ------
    NotFound, DataError
        If the data cannot be read.
    SplitMismatch
        If their files are not those that the run was trained on.
    SpecError
        If there is no such column, or one of the users and one of the items.
    """
    features = _features(run, listener)
    known: dict[str, Column] = {}
    for side, prefix in _PREFIXES.items():
        found: Features | None = getattr(features, side)
        for name in _names(found):
            assert found is not None
            known[prefix + name] = Column(side, name, found)
    fits = [column for full, column in known.items() if by in (full, column.name)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise SpecError(f'both users and items have "{by}": say user.{by} or item.{by}')
    columns = dict.fromkeys(column.name for column in known.values())
    raise _unknown(by, [*BUILT_IN, "worst", *columns])


def _features(run: Run, listener: Listener) -> SideFeatures:
    spec = from_document(run.spec_document, where=str(run.path / "spec.yaml"))
    loader = LOADERS.create(spec.dataset.loader)
    loader.fetch(listener.note)
    dataset = loader.load()
    if dataset.info.source_hash != run.record["dataset"].get("source_hash"):
        raise SplitMismatch(
            "the files of the data, which hold the columns of users and items, are not those that "
            "the run was trained on",
            where=run.id,
            hint="put the original files back, or train again",
        )
    return dataset.features


def _names(features: Features | None) -> list[str]:
    if features is None:
        return []
    return [*features.categorical, *features.multilabel, *features.numeric]


def _unknown(by: str, known: list[str]) -> SpecError:
    near = nearest(by, known)
    hint = f'did you mean "{near}"?' if near else f"there are {', '.join(known)}"
    return SpecError(f"a run cannot be broken down by {quoted(by)}", where="--by", hint=hint)
