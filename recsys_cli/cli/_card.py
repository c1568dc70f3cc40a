"""What ``recsys show`` prints of a run: its facts, metrics, training history and factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recsys_cli.cli import _conventions, _leakage, _lists, _tables, render

if TYPE_CHECKING:
    from recsys_cli.runs import FoldRun, Run

#: A longer training history is shown by its first three and last nine epochs.
_EPOCHS = 12


def card(run: Run, fold: FoldRun) -> None:
    """Print facts and metrics of a run, and the training history of one of its folds."""
    # All is read before anything is printed: half a card before an error helps nobody.
    evaluated, epochs = run.metrics is not None, fold.history
    render.print_table(run.id, ["what", "value"], _facts(run))
    if evaluated:
        _tables.metrics(run)
        if (warning := _tables.warning(run)) is not None:
            render.note(warning)
        _conventions.tables(run)
        _leakage.of_run(run)
    else:
        render.note(f"Not evaluated yet. Next: {_tables.next_command('evaluate', run)}")
    if epochs:
        _history(f"Training, fold {fold.name}" if len(run.fold_names) > 1 else "Training", epochs)


def _facts(run: Run) -> list[list[str]]:
    record = run.record
    environment = record["environment"]
    git = environment.get("git") or {}
    rows = {
        "model": record["model"],
        "dataset": record["dataset"]["name"],
        "description": record["dataset"].get("description"),
        "tags": ", ".join(run.tags) or None,
        "created": record["created"],
        **_seeds(record),
        "stages (s)": ", ".join(f"{name} {took:.2f}" for name, took in record["stages"].items()),
        "folds": ", ".join(run.fold_names) if len(run.fold_names) > 1 else None,
        "validation": _validation(record.get("validation", {})),
        "pruned": _pruned(record.get("search", {}).get("pruned")),
        "found": "; ".join(map(_found, record.get("findings", {}).values())) or None,
        "best epoch": ", ".join(map(_best, record.get("best_epochs", {}).values())) or None,
        "spec hash": record["fingerprints"]["spec"][:12],
        "recsys": environment.get("versions", {}).get("recsys-cli"),
        "commit": f"{git['commit'][:12]}{' (dirty)' if git['dirty'] else ''}" if git else None,
        "folder": str(run.path),
    }
    return [[name, str(value)] for name, value in rows.items() if value is not None]


def _seeds(record: dict[str, Any]) -> dict[str, str]:
    """Return which seeds drew what: with several, ``seed`` prepared the data for all of them."""
    if "seeds" not in record:
        return {"seed": str(record["seed"])}
    seeds = ", ".join(map(str, record["seeds"]))
    return {"seeds": f"{seeds} of split and model; {record['seed']} of the data's preparation"}


def _validation(folds: dict[str, dict[str, float]]) -> str | None:
    shown = [
        f"{name} {render.number(value)}" for fold in folds.values() for name, value in fold.items()
    ]
    return ", ".join(shown) or None


def _pruned(mark: dict[str, Any] | None) -> str | None:
    if mark is None:
        return None
    after = "" if mark["epoch"] is None else f"epoch {mark['epoch']} of "
    return f"by its search, after {after}fold {mark['fold']}"


def _found(findings: dict[str, float]) -> str:
    return ", ".join(f"{what} {value:.3g}" for what, value in findings.items())


def _best(best: dict[str, Any]) -> str:
    return f"{best['epoch']} ({best['monitor']} {render.number(best['value'])})"


def _history(title: str, lines: list[dict[str, Any]]) -> None:
    shown = lines if len(lines) <= _EPOCHS else [*lines[:3], *lines[3 - _EPOCHS :]]
    columns = list(dict.fromkeys(name for line in lines for name in line))
    rows = [["–" if x is None else f"{x:.6g}" for x in map(line.get, columns)] for line in shown]
    if len(shown) < len(lines):
        rows.insert(3, ["…"] * len(columns))
    render.print_table(title, [f">{name}" for name in columns], rows)


def factors(fold: FoldRun, k: int, json: bool) -> None:
    """Print the items with the largest loading on each factor."""
    from dataclasses import asdict

    from recsys_cli.serving import Recommender

    found = Recommender(fold).factors(k)
    if json:
        render.print_json([[asdict(one) for one in items] for items in found])
    else:
        for number, items in enumerate(found):
            _lists.scored(f"Factor {number}", items, "loading")
