"""A leaderboard as a page of Markdown: what was asked, the table, every difference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import _comparisons, _formats, render
from recsys_cli.cli._leaderboard import said, table

if TYPE_CHECKING:
    from recsys_cli.leaderboard import Leaderboard, Place

NOTICE = "<!-- Written by recsys tune SPEC... --format md. -->\n\n"


def page(board: Leaderboard) -> str:
    """Return the page."""
    columns, rows = table(board)
    pairs = [row for row in board.comparisons if row.difference is not None]
    return (
        f"{NOTICE}# Leaderboard\n\n{_protocol(board)}\n"
        f"{_formats.as_markdown(columns, rows)}\n{said(board)}\n\n## Which differences hold\n\n"
        f"{_comparisons.said(board.comparisons)}\n\n"
        f"{_formats.as_markdown(*_comparisons.table(pairs, all_pairs=True))}\n"
        f"## What was searched\n\n{_formats.as_markdown(*_searched(board))}"
    )


def _protocol(board: Leaderboard) -> str:
    """Return what all models had in common."""
    run = board.places[0].run
    tuned = next(place.tuned for place in board.places if place.tuned is not None)
    spec, record = run.spec_document, run.record
    versions = record["environment"]["versions"]
    about = record["dataset"].get("description") or record["dataset"]["name"]
    how = "" if tuned.search.method == "tpe" else " points"
    facts = {
        "data": f"{about} {_block(spec['dataset'])}",
        "split": _block(spec["split"]),
        "evaluation": _block({k: v for k, v in spec["evaluation"].items() if k != "metrics"}),
        "search": f"{tuned.search.method}{how} of each model's own space, below, judged by "
        f"{board.metric} on the validation part; seed {tuned.seed}",
        "training": "the best epoch of each, then again on training and validation part"
        if spec["train"]["refit"]
        else "the training part alone",
        "made": f"{record['created'][:10]}, recsys {versions.get('recsys-cli')}",
    }
    return "".join(f"- {name}: {fact}\n" for name, fact in facts.items())


def _block(block: dict[str, Any]) -> str:
    """Return a block of a spec in one line, without what is not set."""
    set_ = {key: value for key, value in block.items() if value not in (None, [], False)}
    return f"`{json.dumps(set_)}`"


def _searched(board: Leaderboard) -> tuple[list[str], list[list[str]]]:
    rows = [
        [str(place.run.record["name"]), key, kind, render.plain(given), render.plain(best)]
        for place in board.places
        for key, kind, given, best in _ranges(place)
    ]
    return ["model", "key", "range", "of", ">best"], rows


def _ranges(place: Place) -> list[tuple[str, str, Any, Any]]:
    if place.tuned is None:
        return []
    from recsys_cli.search import kind_of

    best = place.tuned.trials[0]
    space = place.tuned.search.space.items()
    return [(key, *kind_of(range_), best.settings[key]) for key, range_ in space]
