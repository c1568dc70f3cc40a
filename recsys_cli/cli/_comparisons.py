"""What ``recsys compare`` prints: a row a comparison, in any format, and what to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import _formats, render
from recsys_cli.cli._formats import Format

if TYPE_CHECKING:
    from recsys_cli.comparison import Comparison

#: The level below which an adjusted p-value has its star.
_LEVEL = 0.05
_TESTS = {
    "t": "paired t tests over users",
    "wilcoxon": "Wilcoxon's signed-rank tests over users",
    "permutation": "paired permutation tests over users",
    "bootstrap": "paired bootstrap-t tests over users",
}
_COLUMNS = ["metric", "run", ">value", ">difference", ">%", ">95% interval", ">p", ">p (Holm)"]
_COLUMNS += [">d_z", ">win/tie/loss", ">users"]


def comparisons(rows: Sequence[Comparison], form: Format, *, all_pairs: bool) -> None:
    """Print comparisons on standard output."""
    if form is Format.json:
        render.print_json([asdict(row) for row in rows])
        return
    if form is Format.csv:
        plain = [_plain(row) for row in rows]
        render.write(_formats.as_csv([*plain[0]], [[*row.values()] for row in plain]))
        return
    columns, cells = table(rows, all_pairs=all_pairs)
    if form is Format.table:
        title = "Each against those before it" if all_pairs else f"Against {rows[0].run}"
        render.print_table(title, columns, cells)
    else:
        as_text = _formats.as_markdown if form is Format.md else _formats.as_latex
        render.write(as_text(columns, cells))


def table(rows: Sequence[Comparison], *, all_pairs: bool) -> tuple[list[str], list[list[str]]]:
    """Return the columns of comparisons, and a row of texts each."""
    columns, cells = [*_COLUMNS], [_cells(row) for row in rows]
    if all_pairs:
        columns.insert(2, "against")
        for row, texts in zip(rows, cells, strict=True):
            texts.insert(2, row.against or "")
    return columns, cells


def said(rows: Sequence[Comparison]) -> str:
    """Return what the star means, and which tests were made of which metrics."""
    tested = [row for row in rows if row.p_adjusted is not None]
    kinds: dict[str, dict[str, None]] = {}
    for row in tested:
        kinds.setdefault(_TESTS[row.test or "t"], {})[row.metric] = None
    made = [f"{kind} of {', '.join(names)}" for kind, names in kinds.items()]
    made = made if len(kinds) > 1 else [*kinds]
    count = f"the {len(tested)} comparisons" if len(tested) > 1 else "the one comparison"
    return f"* p < {_LEVEL} after Holm's correction over {count} shown; {' and '.join(made)}."


def _plain(row: Comparison) -> dict[str, Any]:
    """Return the fields of a row, numbers in full, the ends of the interval apart."""
    fields: dict[str, Any] = {}
    for name, value in asdict(row).items():
        if name == "ci95":
            fields["ci95_low"], fields["ci95_high"] = value or (None, None)
        else:
            fields[name] = value
    return fields


def _cells(row: Comparison) -> list[str]:
    head = [row.metric, row.run, render.number(row.value)]
    if row.difference is None:
        return [*head, *[""] * (len(_COLUMNS) - len(head) - 1), f"{row.users:,}"]
    certain = row.p_adjusted is not None and row.p_adjusted < _LEVEL
    interval = "–" if row.ci95 is None else f"{row.ci95[0]:+.4f} … {row.ci95[1]:+.4f}"
    return [
        *head,
        f"{row.difference:+.4f}{' *' if certain else '  '}",
        "–" if row.relative is None else f"{100 * row.relative:+.1f}",
        interval,
        "–" if row.p_value is None else f"{row.p_value:.2g}",
        "–" if row.p_adjusted is None else f"{row.p_adjusted:.2g}",
        "–" if row.effect_size is None else f"{row.effect_size:+.2f}",
        "–" if row.wins is None else f"{row.wins:,}/{row.ties:,}/{row.losses:,}",
        f"{row.users:,}",
    ]
