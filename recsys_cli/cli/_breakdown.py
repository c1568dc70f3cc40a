"""What ``recsys show --by`` prints: metrics by group, and the users served worst."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import render

if TYPE_CHECKING:
    from recsys_cli.breakdown import Breakdown, Part
    from recsys_cli.runs import Run

WORST = "worst"
#: Groups that a table shows; --json has them all.
_SHOWN = 20


def show(run: Run, by: str, metrics: Sequence[str], fold: str | None, k: int, json: bool) -> None:
    """Print the metrics of a run by groups, or the ``k`` users with the worst value of one."""
    from recsys_cli.breakdown import breakdown
    from recsys_cli.cli._screen import screen

    if by == WORST:
        _worst(run, metrics, fold, k, json)
        return
    with screen() as listener:
        found = breakdown(run, by, metrics=metrics, fold=fold, listener=listener)
    if json:
        render.print_json(asdict(found))
        return
    for name in dict.fromkeys(part.metric for part in found.parts):
        _table(found, [part for part in found.parts if part.metric == name])
    render.note(f"{by}: {found.definition}.")
    _methods(found.parts)
    for name, why in found.left_out.items():
        render.note(f"{name} is left out: it {why}.")


def _methods(parts: Sequence[Part]) -> None:
    """Note how the intervals are made."""
    metrics_of: dict[str, list[str]] = {}
    for name, how in dict.fromkeys((part.metric, part.interval) for part in parts):
        if how is not None:
            metrics_of.setdefault(how, []).append(name)
    told = "; ".join(f"{how} for {', '.join(names)}" for how, names in metrics_of.items())
    if told:
        render.note(f"95% intervals over users: {told}.")


def _table(found: Breakdown, parts: Sequence[Part]) -> None:
    ranged = any(part.low is not None for part in parts)
    paired = found.of == "pairs"
    rows = [
        [
            part.group,
            *([_range(part)] if ranged else []),
            render.number(part.value),
            "–" if part.ci95 is None else " … ".join(map(render.number, part.ci95)),
            f"{part.users:,}",
            *([f"{part.pairs:,}"] if paired else []),
            f"{part.share:.1%}",
        ]
        for part in parts[:_SHOWN]
    ]
    columns = ["group", *([">range"] if ranged else []), ">value", ">95% interval", ">users"]
    columns += [">pairs"] if paired else []
    render.print_table(f"{found.run}: {parts[0].metric}", [*columns, ">share"], rows)
    if len(parts) > _SHOWN:
        render.note(f"{len(parts) - _SHOWN} more groups: --json has all.")
    empty = [part.group for part in parts if part.value is None]
    if empty:
        render.note(f"No user behind {parts[0].metric} in {', '.join(empty[:_SHOWN])}.")


def _range(part: Part) -> str:
    if part.low is None or part.high is None:
        return "–"
    ends = dict.fromkeys(f"{end:,.7g}" for end in (part.low, part.high))
    return " … ".join(ends)


def _worst(run: Run, metrics: Sequence[str], fold: str | None, k: int, json: bool) -> None:
    from recsys_cli.breakdown import worst
    from recsys_cli.errors import SpecError

    if len(metrics) > 1:
        raise SpecError("users are ranked by one metric", where="--metric")
    found = worst(run, metric=metrics[0] if metrics else None, k=k, fold=fold)
    if json:
        render.print_json(asdict(found))
        return
    columns = list(dict.fromkeys(name for user in found.users for name in user))
    rows = [[_cell(user.get(name)) for name in columns] for user in found.users]
    at = f", fold {found.fold}" if len(run.fold_names) > 1 else ""
    title = f"{found.run}{at}: the users with the worst {found.metric}"
    render.print_table(title, ["user", *(f">{name}" for name in columns[1:])], rows)
    value = render.number(found.users[0][found.metric])
    render.note(f"{found.tied:,} of {found.of:,} users have {value}; more to find comes first.")


def _cell(value: Any) -> str:
    return render.number(value) if isinstance(value, float) else render.plain(value)
