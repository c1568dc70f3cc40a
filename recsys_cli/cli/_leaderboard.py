"""What ``recsys tune`` prints of several specs: a row a model, in any format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import _formats, _tables, render
from recsys_cli.cli._formats import Format

if TYPE_CHECKING:
    from recsys_cli.leaderboard import Leaderboard, Place
    from recsys_cli.runs import Run
    from recsys_cli.tuning import Trial


#: What stands beside a value among candidate lists.
_BESIDE = {"full": "full ranking", "corrected": "corrected"}
_KEPT = ("value", "ci95", "std", *_BESIDE)


def show(board: Leaderboard, form: Format) -> None:
    """Print a leaderboard on standard output."""
    if form is Format.json:
        render.print_json(_document(board))
    elif form is Format.csv:
        plain = [_plain(board, number, place) for number, place in enumerate(board.places, 1)]
        render.write(_formats.as_csv([*plain[0]], [[*row.values()] for row in plain]))
    elif form is Format.latex:
        render.write(_formats.as_latex(*table(board)))
    elif form is Format.md:
        from recsys_cli.cli import _leaderboard_page

        render.write(_leaderboard_page.page(board))
    else:
        render.print_table(_title(board), *table(board))
        render.say(said(board))


def _title(board: Leaderboard) -> str:
    return f"Leaderboard: {board.metric} on the test part"


def table(board: Leaderboard) -> tuple[list[str], list[list[str]]]:
    """Return the columns of a leaderboard, and a row of texts a model."""
    measured = [_measured(board, _entries(place.run)) for place in board.places]
    columns = [">", "model", "run", *(f">{name}" for name in measured[0]), "better than"]
    columns += [">validation", ">trials", ">fit (s)"]
    numbers = {str(one.run.record["name"]): n for n, one in enumerate(board.places, 1)}
    rows = []
    for number, (place, values) in enumerate(zip(board.places, measured, strict=True), 1):
        record = place.run.record
        fit = sum(took for stage, took in record["stages"].items() if stage.startswith("fit/"))
        rows.append(
            [
                str(number),
                record["name"],
                place.run.id,
                *values.values(),
                _spans([numbers[name] for name in place.above]),
                *_search(place),
                f"{fit:.1f}",
            ]
        )
    return columns, rows


def _measured(board: Leaderboard, entries: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return all metrics by column, that of the search first, each with what stands beside it."""
    found = {}
    for name in sorted(entries, key=lambda name: name != board.metric):
        found[name] = _value(entries[name])
        for kind, title in _BESIDE.items():
            if kind in entries[name]:
                found[f"{name} {title}"] = _value(entries[name][kind])
    return found


def _value(entry: dict[str, Any]) -> str:
    shown = render.number(entry["value"])
    if "std" in entry:
        shown += f" ± {render.number(entry['std'])}"
    if entry.get("ci95") is None:
        return shown
    low, high = (render.number(end) for end in entry["ci95"])
    return f"{shown} ({low}–{high})"


def _search(place: Place) -> list[str]:
    """Return what the search came to: the best value, and how many trials."""
    if place.tuned is None:
        return ["–", "–"]
    trials = place.tuned.trials
    return [render.number(trials[0].value), _count(trials)]


def _count(trials: Sequence[Trial]) -> str:
    """Return how many trials there were, and how many of them were not trained to the end."""
    pruned = sum(trial.pruned for trial in trials)
    failed = sum(trial.error is not None for trial in trials)
    told = [f"{n} {what}" for what, n in (("pruned", pruned), ("failed", failed)) if n]
    return f"{len(trials)} ({', '.join(told)})" if told else str(len(trials))


def _spans(numbers: Sequence[int]) -> str:
    """Return numbers as spans: ``3–5, 7``."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ", ".join(f"{s[0]}–{s[-1]}" if len(s) > 1 else f"{s[0]}" for s in spans) or "–"


def said(board: Leaderboard) -> str:
    """Return how to read the table."""
    pairs = sum(row.p_adjusted is not None for row in board.comparisons)
    held = sum(len(place.above) for place in board.places)
    run = board.places[0].run
    folds = ", after ± the standard deviation over folds or seeds"
    spread = folds if len(run.fold_names) > 1 else ""
    warning = _tables.warning(run)
    return (
        f"In parentheses 95% intervals over users{spread}. Better than: the models below whose "
        f"difference in {board.metric} holds, p < 0.05 after Holm's correction over all pairs; "
        f"paired t tests over users. {held} of {pairs} hold. Intervals and tests are of the models "
        "as fitted: what another seed of the search or of training would come to is not in them."
    ) + (f" {warning}" if warning else "")


def _plain(board: Leaderboard, number: int, place: Place) -> dict[str, Any]:
    """Return a row of CSV: numbers in full, the ends of intervals apart."""
    fields: dict[str, Any] = {
        "rank": number,
        "name": place.run.record["name"],
        "model": place.run.record["model"],
        "run": place.run.id,
        "trials": len(place.tuned.trials) if place.tuned else 0,
        "validation": place.tuned.trials[0].value if place.tuned else None,
    }
    for name, entry in _entries(place.run).items():
        low, high = entry["ci95"] or (None, None)
        fields |= {name: entry["value"], f"{name} ci95_low": low, f"{name} ci95_high": high}
        fields |= {f"{name} std": entry["std"]} if "std" in entry else {}
        fields |= {f"{name} {kind}": entry[kind]["value"] for kind in _BESIDE if kind in entry}
    return fields | {"better_than": " ".join(place.above)}


def _entries(run: Run) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = (run.metrics or {})["metrics"]
    return found


def _document(board: Leaderboard) -> dict[str, Any]:
    places = [
        {
            "name": place.run.record["name"],
            "model": place.run.record["model"],
            "run": place.run.id,
            "metrics": {
                name: {key: entry[key] for key in _KEPT if key in entry}
                for name, entry in _entries(place.run).items()
            },
            "better_than": place.above,
            "trials": [asdict(trial) for trial in place.tuned.trials] if place.tuned else [],
        }
        for place in board.places
    ]
    rows = [asdict(row) for row in board.comparisons]
    return {"metric": board.metric, "places": places, "comparisons": rows}
