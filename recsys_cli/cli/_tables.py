"""The tables that several commands print: runs, metrics of a run, models, trials."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import render

if TYPE_CHECKING:
    from recsys_cli.runs import Run, RunSummary, Waste
    from recsys_cli.tuning import Tuned

#: Of a metric that weighs held-out pairs: how many, and how many of one weight tell as much.
_WEIGHED = ("pairs", "effective_pairs")
#: Trials that are shown of a search.
_TRIALS = 10


def next_command(name: str, run: Run) -> str:
    """Return the command line that names this run, by id where its folder goes without saying."""
    here = run.path.parent == Path(os.environ.get("RECSYS_RUNS", "runs"))
    return f"recsys {name} {run.id if here else shlex.quote(str(run.path))}"


def runs(found: Sequence[RunSummary]) -> None:
    """Print one line a run: its first metrics, or the first line of why it has none."""
    tagged = any(run.tags for run in found)
    rows = [
        [
            run.id,
            run.status,
            (run.created or "–")[:16].replace("T", " "),
            run.model or "–",
            run.dataset or "–",
            *([", ".join(run.tags)] if tagged else []),
            run.headline.partition("\n")[0],
        ]
        for run in found
    ]
    columns = ["run", "status", "created (UTC)", "model", "dataset"]
    render.print_table(None, [*columns, *(["tags"] if tagged else []), "metrics"], rows)


def waste(found: Sequence[Waste], root: Path, *, kept: bool) -> None:
    """Print what was, or if ``kept`` would be, deleted from a store, and how much that is."""
    from recsys_cli.memory import spelled

    rows = [
        [
            str(one.path.relative_to(root)),
            one.kind,
            "–" if one.half_deleted else f"{one.days:.0f}",
            spelled(one.bytes),
        ]
        for one in found
    ]
    if rows:
        render.print_table(None, ["what", "kind", ">days", ">size"], rows)
        total = spelled(sum(one.bytes for one in found))
        render.note(f"{'Would delete' if kept else 'Deleted'} {len(found):,}: {total} in all.")
    else:
        render.note("There is nothing to delete.")


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
    _weighed([document])


def warning(run: Run) -> str | None:
    """Return what to know of values among candidate lists, which an evaluation says as well."""
    document = run.metrics or {}
    folds = document.get("folds", {"": document}).values()
    if not any("listed_candidates" in fold.get("counts", ()) for fold in folds):
        return None
    return (
        "Warning: relevant items are ranked only among short lists of candidates. Such values are "
        "above those of the full ranking, and may order models otherwise: recsys show has both."
    )


def _weighed(folds: Sequence[dict[str, Any]]) -> None:
    """Note on how many held-out pairs the metrics that weigh them rest, in all the folds."""
    told: dict[tuple[str, str], list[str]] = {}
    for name in folds[0]["metrics"]:
        entries = [fold["metrics"][name] for fold in folds]
        if "effective_pairs" in entries[0]:
            pairs, effective = (_span(e[key] for e in entries) for key in _WEIGHED)
            told.setdefault((pairs, effective), []).append(name)
    each = " a fold" if len(folds) > 1 else ""
    for (pairs, effective), names in told.items():
        render.note(
            f"{', '.join(names)}: {pairs} held-out pairs{each}, which tell as much as {effective} "
            "of equal weight."
        )


def _span(counts: Iterable[float]) -> str:
    ends = sorted(counts)
    return " to ".join(dict.fromkeys(f"{end:,.0f}" for end in (ends[0], ends[-1])))


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
    _weighed(list(folds.values()))


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
    from recsys_cli.tuning import counted

    shown = found.trials[:_TRIALS]
    rows = [
        [
            str(trial.number),
            trial.run or "–",
            "failed" if trial.value is None else _worth(trial.value, trial.pruned),
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
    pruned = sum(trial.pruned for trial in found.trials)
    best = min(len(shown), len(found.trials) - failed)
    title = f"The best {best} of {counted(len(found.trials))}, by the validation part"
    title += f"; {pruned} pruned" if pruned else ""
    title += f"; {failed} failed" if failed else ""
    render.print_table(title, [*columns, ">best epoch", ">s"], rows)


def _worth(value: float, pruned: bool) -> str:
    return f"{render.number(value)}{' (pruned)' if pruned else ''}"
