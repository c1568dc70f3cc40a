"""The gate of CI: run small specs and hold their metrics against a committed baseline."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from recsys_cli import experiment
from recsys_cli.errors import SpecError
from recsys_cli.given import read_given
from recsys_cli.listener import Listener
from recsys_cli.metrics import parse
from recsys_cli.runs import Store, alone, atomic_write, mark, unmark
from recsys_cli.specfile import load
from recsys_cli.temporary import scratch

SCHEMA_VERSION = 1
#: Relative tolerance written for a metric that the baseline does not have yet: room for another
#: machine's floating point, not for a worse model.
TOLERANCE = 0.02
#: Bytes of a baseline: some hundred thousand metrics.
_MOST = 16 << 20
#: What reading a file raises that is no baseline; RecursionError where brackets nest too deep.
_NONE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Gate:
    """One metric of one spec; ``baseline`` is None for a new metric, ``value`` for one gone."""

    spec: str
    metric: str
    value: float | None
    baseline: float | None
    tolerance: float
    passed: bool


class Measured(NamedTuple):
    """What the run of one spec came to, by metric."""

    run: str
    metrics: dict[str, float]


def regress(
    specs: Sequence[Path], baseline: Path, listener: Listener, *, bless: Store | None = None
) -> list[Gate]:
    """Train and evaluate each spec, in a scratch folder by default; return a gate for every metric.

    A metric fails when it is worse than the baseline by more than ``tolerance`` times the
    baseline's size, when the baseline lacks it, or when the run no longer reports it.

    Parameters
    ----------
    specs : sequence of Path
    baseline : Path
        JSON: ``{"schema_version", "runs": {name: run id}, "specs": {name: {metric: {"value",
        "tolerance"}}}}``.
    bless : Store, optional
        Write the values measured as the new baseline, keeping its tolerances. Its runs stay in this
        store, marked, so that none of them is deleted before another takes its place.

    Raises
    ------
    SpecError
        If the baseline is missing or no such file and ``bless`` is off, or two specs share a name.
    """
    document = _read(baseline) if baseline.is_file() or bless is None else {}
    known = document.get("specs", {})
    with _place(bless) as store:
        measured = _measure(specs, store, listener)
    gates = [
        _gate(name, metric, value, known.get(name, {}).get(metric))
        for name, one in measured.items()
        for metric, value in one.metrics.items()
    ]
    if bless is not None:
        _bless(baseline, measured, bless)
        return gates
    absent = sorted(set(known) - set(measured))
    if absent:
        listener.note(f"In the baseline, but not run now: {', '.join(absent)}.")
    return gates + _vanished(known, measured)


@contextmanager
def _place(bless: Store | None) -> Iterator[Store]:
    """Yield where runs go: a folder that goes with them, unless they are to be kept."""
    if bless is not None:
        yield bless
        return
    with scratch("regress") as folder:
        yield Store(folder)


def _measure(specs: Sequence[Path], store: Store, listener: Listener) -> dict[str, Measured]:
    loaded = [load(path) for path in specs]
    names = [spec.name for spec in loaded]
    if len(set(names)) != len(names):
        raise SpecError("two of the specs have the same name", hint="give each one of its own")
    measured = {}
    for spec in loaded:
        prepared = experiment.prepare(spec, listener)
        run = experiment.train(spec, store, listener, argv=[], prepared=prepared)
        experiment.evaluate(run, listener, prepared=prepared)
        found = (run.metrics or {})["metrics"]
        values = {name: entry["value"] for name, entry in found.items()}
        measured[spec.name] = Measured(run.id, values)
    return measured


def _gate(spec: str, metric: str, value: float, known: dict[str, float] | None) -> Gate:
    if known is None:
        return Gate(spec, metric, value, None, TOLERANCE, passed=False)
    fall = known["value"] - value
    if not parse(metric).metric.higher_is_better:
        fall = -fall
    allowed = known["tolerance"] * abs(known["value"])
    return Gate(spec, metric, value, known["value"], known["tolerance"], passed=fall <= allowed)


def _vanished(known: dict[str, Any], measured: Mapping[str, Measured]) -> list[Gate]:
    return [
        Gate(name, metric, None, entry["value"], entry["tolerance"], passed=False)
        for name, one in measured.items()
        for metric, entry in known.get(name, {}).items()
        if metric not in one.metrics
    ]


def _read(baseline: Path) -> dict[str, Any]:
    try:
        data = read_given(baseline, _MOST + 1)
        if len(data) > _MOST:
            raise SpecError(f"is no baseline: over {_MOST >> 20} MiB", where=str(baseline))
        document = json.loads(data.decode())
        if document["schema_version"] != SCHEMA_VERSION:
            raise SpecError("is of another schema version", where=str(baseline))
        for name, metrics in document["specs"].items():
            for metric, entry in metrics.items():
                _require_numbers(entry, f"{name}, {metric}", baseline)
        document["runs"] = dict(document.get("runs", {}))
    except FileNotFoundError:
        raise SpecError("no such baseline", where=str(baseline), hint="--bless writes it") from None
    except OSError as error:
        raise SpecError(f"cannot be read: {error.strerror}", where=str(baseline)) from None
    except _NONE as error:
        raise SpecError(f"is no baseline: {error!r}", where=str(baseline)) from None
    found: dict[str, Any] = document
    return found


def _require_numbers(entry: dict[str, Any], what: str, baseline: Path) -> None:
    """Refuse whatever no metric can fall below: infinity, or a tolerance without bounds."""
    numbers = (entry["value"], entry["tolerance"])
    sound = all(type(number) in (int, float) and math.isfinite(number) for number in numbers)
    if not sound or entry["tolerance"] < 0:
        raise SpecError(
            f"is no baseline: {what}: value and tolerance must be finite, the tolerance 0 or more",
            where=str(baseline),
        )


def _bless(baseline: Path, measured: Mapping[str, Measured], store: Store) -> None:
    """Write the baseline; at every moment, each of our runs that it names is marked.

    What another blessing has written since the training began stays, but for these specs.
    """
    baseline = baseline.resolve()  # a link stays one
    # As it is called from the folder that holds the store: both may move together.
    name = os.path.relpath(baseline, store.root.resolve().parent)
    with alone(baseline.parent):
        document = _read(baseline) if baseline.is_file() else {}
        for one in measured.values():
            mark(store.root / one.run, name)
        try:
            _write(baseline, document, measured)
        except BaseException:
            for one in measured.values():
                unmark(store.root / one.run, name)
            raise
        for spec, one in measured.items():
            for id_ in store.ids(spec):
                if id_ != one.run:
                    unmark(store.root / id_, name)


def _write(baseline: Path, document: dict[str, Any], measured: Mapping[str, Measured]) -> None:
    known = document.get("specs", {})
    for name, one in measured.items():
        before = known.get(name, {})
        known[name] = {
            metric: {
                "value": value,
                "tolerance": before.get(metric, {}).get("tolerance", TOLERANCE),
            }
            for metric, value in one.metrics.items()
        }
    runs = document.get("runs", {}) | {name: one.run for name, one in measured.items()}
    content = {"schema_version": SCHEMA_VERSION, "runs": runs, "specs": known}
    atomic_write(baseline, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode())
