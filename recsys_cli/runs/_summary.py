"""What a listing says of a run: its state, its record and the values in metrics.json."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recsys_cli.errors import RecsysError
from recsys_cli.runs._evaluation import METRICS, read_metrics
from recsys_cli.runs._names import split
from recsys_cli.runs._reading import reading
from recsys_cli.runs._state import Status, examine
from recsys_cli.runs._tags import read_tags


@dataclass(frozen=True)
class RunSummary:
    """One run in a listing.

    Attributes
    ----------
    id, name : str
    status : str
        complete, running, failed, interrupted, damaged, or newer (than this recsys).
    created : str, optional
        UTC, ISO 8601; None where the record cannot be read, as with ``model`` and ``dataset``.
    model, dataset : str, optional
    metrics : dict of str to float
        Empty before the first evaluation.
    full : dict of str to float
        Of those that are values among candidate lists: the same of the full ranking.
    tags : list of str
    note : str, optional
        Why the run does not answer, or what is wrong with its metrics or tags.
    """

    id: str
    name: str
    status: Status
    created: str | None
    model: str | None
    dataset: str | None
    metrics: dict[str, float]
    full: dict[str, float]
    tags: list[str]
    note: str | None

    @property
    def headline(self) -> str:
        """The first three metrics in one line, or why there are none."""
        return " · ".join(map(self._shown, list(self.metrics)[:3])) or (self.note or "")

    def _shown(self, name: str) -> str:
        beside = f" (full {self.full[name]:.4f})" if name in self.full else ""
        return f"{name} {self.metrics[name]:.4f}{beside}"


def summarise(folder: Path) -> RunSummary:
    """Return what a listing says of a folder, whatever it holds."""
    state = examine(folder)
    record = state.record
    metrics: dict[str, float] = {}
    full: dict[str, float] = {}
    problem = state.problem
    if state.manifest is not None:
        try:
            metrics, full = _values(folder, state.manifest.trained)
        except RecsysError as error:
            problem = error
    tags: list[str] = []
    try:
        tags = read_tags(folder)
    except RecsysError as error:
        problem = problem or error
    dataset = record.get("dataset")
    return RunSummary(
        id=folder.name,
        name=split(folder.name)[0],
        status=state.status,
        created=_text(record.get("created")),
        model=_text(record.get("model")),
        dataset=_text(dataset.get("name") if isinstance(dataset, dict) else None),
        metrics=metrics,
        full=full,
        tags=tags,
        note=None if problem is None else _told(folder, problem),
    )


def _told(folder: Path, problem: RecsysError) -> str:
    """Return what is wrong, and with which file of the run."""
    where = problem.where or ""
    file = where.removeprefix(f"{folder}/")
    return problem.message if file == where else f"{file}: {problem.message}"


def _values(folder: Path, trained: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the value of each metric, and that of the full ranking where it is another."""
    document = read_metrics(folder, trained)
    if document is None:
        return {}, {}
    with reading(folder / METRICS):
        entries = document["metrics"].items()
        full = {name: float(one["full"]["value"]) for name, one in entries if "full" in one}
        return {name: float(one["value"]) for name, one in entries}, full


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
