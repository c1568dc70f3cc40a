"""The gate of CI: run small specs and hold their metrics against a committed baseline."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys_cli import experiment
from recsys_cli.errors import SpecError
from recsys_cli.listener import Listener
from recsys_cli.metrics import parse
from recsys_cli.runs import Store, atomic_write
from recsys_cli.specfile import load

SCHEMA_VERSION = 1
#: Relative tolerance written for a metric that the baseline does not have yet: room for another
#: machine's floating point, not for a worse model.
TOLERANCE = 0.02


@dataclass(frozen=True)
class Gate:
    """One metric of one spec; ``baseline`` is None for a new metric, ``value`` for one gone."""

    spec: str
    metric: str
    value: float | None
    baseline: float | None
    tolerance: float
    passed: bool


def regress(
    specs: Sequence[Path], baseline: Path, listener: Listener, *, bless: bool = False
) -> list[Gate]:
    """Train and evaluate each spec in a scratch folder; return a gate for every metric.

    A metric fails when it is worse than the baseline by more than ``tolerance`` times the
    baseline's size, when the baseline lacks it, or when the run no longer reports it.

    Parameters
    ----------
    specs : sequence of Path
    baseline : Path
        JSON: ``{"schema_version", "specs": {name: {metric: {"value", "tolerance"}}}}``.
    bless : bool
        Write the values measured as the new baseline, keeping its tolerances.

    Raises
    ------
    SpecError
        If the baseline is missing or no such file and ``bless`` is off, or two specs share a name.
    """
    known = _read(baseline) if baseline.is_file() or not bless else {}
    measured = _measure(specs, listener)
    gates = [
        _gate(name, metric, value, known.get(name, {}).get(metric))
        for name, metrics in measured.items()
        for metric, value in metrics.items()
    ]
    if bless:
        _write(baseline, known, measured)
        return gates
    absent = sorted(set(known) - set(measured))
    if absent:
        listener.note(f"In the baseline, but not run now: {', '.join(absent)}.")
    return gates + _vanished(known, measured)


def _measure(specs: Sequence[Path], listener: Listener) -> dict[str, dict[str, float]]:
    loaded = [load(path) for path in specs]
    names = [spec.name for spec in loaded]
    if len(set(names)) != len(names):
        raise SpecError("two of the specs have the same name", hint="give each one of its own")
    measured = {}
    with tempfile.TemporaryDirectory(prefix="recsys-regress-") as folder:
        for spec in loaded:
            prepared = experiment.prepare(spec, listener)
            run = experiment.train(spec, Store(Path(folder)), listener, argv=[], prepared=prepared)
            experiment.evaluate(run, listener, prepared=prepared)
            found = (run.metrics or {})["metrics"]
            measured[spec.name] = {name: entry["value"] for name, entry in found.items()}
    return measured


def _gate(spec: str, metric: str, value: float, known: dict[str, float] | None) -> Gate:
    if known is None:
        return Gate(spec, metric, value, None, TOLERANCE, passed=False)
    fall = known["value"] - value
    if not parse(metric).metric.higher_is_better:
        fall = -fall
    allowed = known["tolerance"] * abs(known["value"])
    return Gate(spec, metric, value, known["value"], known["tolerance"], passed=fall <= allowed)


def _vanished(known: dict[str, Any], measured: dict[str, dict[str, float]]) -> list[Gate]:
    return [
        Gate(name, metric, None, entry["value"], entry["tolerance"], passed=False)
        for name, metrics in measured.items()
        for metric, entry in known.get(name, {}).items()
        if metric not in metrics
    ]


def _read(baseline: Path) -> dict[str, Any]:
    try:
        document = json.loads(baseline.read_text(encoding="utf-8"))
        if document["schema_version"] != SCHEMA_VERSION:
            raise SpecError("is of another schema version", where=str(baseline))
        for metrics in document["specs"].values():
            for entry in metrics.values():
                float(entry["value"]), float(entry["tolerance"])
    except FileNotFoundError:
        raise SpecError("no such baseline", where=str(baseline), hint="--bless writes it") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpecError(f"is no baseline: {error!r}", where=str(baseline)) from None
    specs: dict[str, Any] = document["specs"]
    return specs


def _write(baseline: Path, known: dict[str, Any], measured: dict[str, dict[str, float]]) -> None:
    for name, metrics in measured.items():
        before = known.get(name, {})
        known[name] = {
            metric: {
                "value": value,
                "tolerance": before.get(metric, {}).get("tolerance", TOLERANCE),
            }
            for metric, value in metrics.items()
        }
    document = {"schema_version": SCHEMA_VERSION, "specs": known}
    atomic_write(baseline, (json.dumps(document, indent=2, allow_nan=False) + "\n").encode())
