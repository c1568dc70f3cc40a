"""The tables that several commands print: runs, metrics of a run, models, trials."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import render

if TYPE_CHECKING:
    from recsys_cli.runs import Run, RunSummary
    from recsys_cli.trials import Tuned

#: Trials that are shown of a search.
_TRIALS = 10


def next_command(name: str, run: Run) -> str:
    """Return the command line that names this run, by id where its folder goes without saying."""
    here = run.path.parent == Path(os.environ.get("RECSYS_RUNS", "runs"))
    return f"recsys {name} {run.id if here else shlex.quote(str(run.path))}"


def runs(found: Sequence[RunSummary]) -> None:
    """Print one line a run: its first metrics, or the first line of why it has none."""
    rows = [
        [
            run.id,
            run.status,
            (run.created or "–")[:16].replace("T", " "),
            run.model or "–",
            run.dataset or "–",
            run.headline.partition("\n")[0],
        ]
        for run in found
    ]
    columns = ["run", "status", "created (UTC)", "model", "dataset", "metrics"]
    render.print_table(None, columns, rows)


def metrics(run: Run) -> None:
    """Print the metrics of a run: value with interval, or mean ± deviation and the folds."""
    document = run.metrics or {}
    title = f"{run.id}: {run.record['model']} on {run.record['dataset']['name']}"
    if "folds" in document:
        _folds(title, document)
        return
    beside = _beside(document)
    rows = [
        [
            name,
            render.number(entry["value"]),
            _interval(entry["ci95"]),
            *(_value(entry.get(kind)) for kind in beside),
            f"{entry['users']:,}",
        ]
        for name, entry in document["metrics"].items()
    ]
    value = ">among candidates" if beside else ">value"
    columns = ["metric", value, ">95% interval", *beside.values(), ">users"]
    render.print_table(title, columns, rows)
    _weighed(document)


def _weighed(document: dict[str, Any]) -> None:
    """Note on how many held-out pairs the metrics that weigh them rest."""
    told: dict[tuple[int, float], list[str]] = {}
    for name, entry in document["metrics"].items():
        if "effective_pairs" in entry:
            told.setdefault((entry["pairs"], entry["effective_pairs"]), []).append(name)
    for (pairs, effective), names in told.items():
        render.note(
            f"{', '.join(names)}: {pairs:,} held-out pairs, which tell as much as {effective:,.0f} "
            "of equal weight."
        )


def _beside(document: dict[str, Any]) -> dict[str, str]:
    """Return what stands beside values among candidate lists, with the title of its column."""
    titles = {"full": ">full ranking", "corrected": ">corrected"}
    entries = document["metrics"].values()
    return {kind: title for kind, title in titles.items() if any(kind in one for one in entries)}


def _value(entry: dict[str, Any] | None) -> str:
    """Return a value, with its standard deviation over folds if it has one."""
    if entry is None:
        return render.number(None)
    if "std" not in entry:
        return render.number(entry["value"])
    return f"{render.number(entry['value'])} ± {render.number(entry['std'])}"


def _folds(title: str, document: dict[str, Any]) -> None:
    folds, beside = document["folds"], _beside(document)
    rows = [
        [name, _value(entry), _interval(entry["ci95"])]
        + [_value(entry.get(kind)) for kind in beside]
        + [render.number(fold["metrics"][name]["value"]) for fold in folds.values()]
        for name, entry in document["metrics"].items()
    ]
    columns = ["metric", ">mean ± std", ">95% interval", *beside.values()]
    columns += [f">fold {name}" for name in folds]
    render.print_table(title, columns, rows)


def _interval(ci95: Sequence[float] | None) -> str:
    return "–" if ci95 is None else f"{render.number(ci95[0])} … {render.number(ci95[1])}"


#: Titles of the groups of models, by the feedback that they learn from.
_GROUPS = {
    "explicit": "Learn from ratings",
    "implicit": "Learn from what was interacted with",
    "either": "Learn from either, by parameters",
}


def models(found: Sequence[dict[str, Any]]) -> None:
    """Print models by the feedback they learn from: the first sentence, and what each can do."""
    names = list(found[0]["abilities"])
    common = [name for name in names if all(one["abilities"][name] is True for one in found)]
    shown = [name for name in names if name not in common]
    for feedback, title in _GROUPS.items():
        rows = [
            [one["name"], _first(one), *(_ability(one["abilities"][name]) for name in shown)]
            for one in found
            if one["feedback"] == feedback
        ]
        if rows:
            render.print_table(title, ["name", "what it is", *shown], rows)
    render.note(f"All of them: {', '.join(common)}. Parameters: recsys list models NAME.")


def _ability(able: bool | str) -> str:
    return able if isinstance(able, str) else "yes" if able else "–"


def _first(entry: dict[str, Any]) -> str:
    return str(entry["summary"].partition(". ")[0])


def entries(found: Sequence[dict[str, Any]]) -> None:
    """Print one line an entry of a registry: the first sentence of what it is."""
    kinds = any("kind" in entry for entry in found)
    rows = [
        [
            entry["name"],
            _first(entry),
            ", ".join(f"{p.name}={p.written}" for p in entry["parameters"]),
            *([entry["kind"]] if kinds else []),
        ]
        for entry in found
    ]
    columns = ["name", "what it is", "parameters", *(["kind"] if kinds else [])]
    render.print_table(None, columns, rows)


def parameters(entry: dict[str, Any]) -> None:
    """Print one entry in full: each parameter with type, default, bounds and meaning.

    Below the table stand the defaults that a word of another parameter changes.
    """
    from recsys_cli.specfile import written

    rows = [[p.name, p.type, p.written, p.bounds, p.doc] for p in entry["parameters"]]
    render.say(f"{entry['name']}: {entry['summary']}")
    if "abilities" in entry:
        abilities = entry["abilities"].items()
        facts = [f"{name}: {_ability(able)}" for name, able in abilities]
        render.say(f"Learns from {entry['feedback']} feedback; {', '.join(facts)}.")
    render.print_table(None, ["parameter", "type", "default", "bounds", "what it does"], rows)
    for word, defaults in entry["other_defaults"].items():
        told = ", ".join(f"{name} {written(value)}" for name, value in defaults.items())
        render.say(f"Other defaults with {word}: {told}.")


def trials(found: Tuned) -> None:
    """Print the best trials of a search, what was drawn for each and the epochs it kept."""
    from recsys_cli.trials import counted

    shown = found.trials[:_TRIALS]
    rows = [
        [
            str(trial.number),
            trial.run or "–",
            "failed" if trial.value is None else render.number(trial.value),
            *map(render.plain, trial.settings.values()),
            render.plain(trial.epochs),
            f"{trial.seconds:.1f}",
        ]
        for trial in shown
    ]
    columns = [
        ">trial",
        "run",
        f">{found.search.metric}",
        *(f">{key}" for key in found.search.space),
    ]
    failed = sum(trial.value is None for trial in found.trials)
    best = min(len(shown), len(found.trials) - failed)
    title = f"The best {best} of {counted(len(found.trials))}, by the validation part"
    title += f"; {failed} failed" if failed else ""
    render.print_table(title, [*columns, ">best epoch", ">s"], rows)
