"""Results on disk, and the page that is written from them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._measure import Row

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
#: Above this share of the machine in other hands, the times of a job are disturbed.
_BUSY = 0.05
_HEAD = """\
# Performance

<!-- Written by `python -m benchmarks` from benchmarks/results; do not edit. -->

Times are medians of the repeats, with the shortest and the longest in brackets. Ours and the peer
ran in turn, in one process, after a warm-up; the ratio is the peer's time over ours, turn by turn,
so above 1 ours is faster. Memory is the most that a call held above what was held before it.
`make bench` measures again and rewrites this page.
"""
_COLUMNS = (
    "family",
    "case",
    "ours",
    "peer",
    "ratio",
    "quality, ours / peer",
    "peak MB, ours / peer",
    "aim",
    "aim met",
)


@dataclass(frozen=True)
class Result:
    """The rows of one job, with its description and what it was measured on."""

    job: str
    about: str
    machine: dict[str, Any]
    rows: list[Row]


def save(result: Result) -> None:
    """Write a result to its file, replacing the one before."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(asdict(result), indent=1, ensure_ascii=False, allow_nan=False)
    (RESULTS / f"{result.job}.json").write_text(text + "\n", encoding="utf-8")


def saved() -> list[Result]:
    """Return all results on disk, by name."""
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    return [Result(**{**d, "rows": [Row(**row) for row in d["rows"]]}) for d in documents]


def table(rows: list[Row]) -> str:
    """Return one Markdown table; the families are a column where the rows name them."""
    first = 0 if any(row.family for row in rows) else 1
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *map(_cells, rows)]
    return "".join(f"| {' | '.join(line[first:])} |\n" for line in lines)


def page(results: list[Result]) -> str:
    """Return docs/performance.md."""
    return _HEAD + "".join(_section(result) for result in results)


def _cells(row: Row) -> tuple[str, ...]:
    peer = f"{_amounts(row.peer, row.unit)}, {row.versus}" if row.peer else "–"
    ratio = _spread(row.ratios, "×", 2) if row.peer else "–"
    quality = "; ".join(
        f"{name} {' / '.join(map(_number, values))}" for name, values in row.quality.items()
    )
    met = {None: "–", True: "yes", False: "**missed**"}[row.met]
    return (
        row.family,
        row.case,
        _amounts(row.ours, row.unit),
        peer,
        ratio,
        quality or "–",
        " / ".join("–" if mb is None else f"{mb:z,.0f}" for mb in row.memory) or "–",
        _aim(row),
        met,
    )


def _remarks(rows: list[Row]) -> str:
    """Return the bound of each row that has one, and why aims are missed."""
    bounds = [f"- Bound, {row.case}: {row.bound}\n" for row in rows if row.bound]
    missed = [f"- Missed, {row.case}: {row.reason}\n" for row in rows if row.met is False]
    return "".join(bounds + missed) + ("\n" if bounds or missed else "")


def _number(value: float | None) -> str:
    return "never" if value is None else f"{value:,.0f}" if value > 1000 else f"{value:.4g}"


def _aim(row: Row) -> str:
    if row.faster is not None:
        return f"≥ {row.faster:g}×"
    return "–" if row.within is None else f"≤ {row.within:g} {row.unit}"


def _amounts(values: list[float], unit: str) -> str:
    if unit != "s":
        return _spread(values, f" {unit}".replace(" exponent", ""), 0 if unit == "MB" else 2)
    if median(values) < 1:
        return _spread([1000 * value for value in values], " ms", 0 if median(values) >= 0.1 else 1)
    return _spread(values, " s", 2)


def _spread(values: list[float], unit: str, places: int) -> str:
    """Return the median with its unit, and the smallest and the largest in brackets."""
    low, middle, high = (f"{f(values):.{places}f}" for f in (min, median, max))
    return f"{middle}{unit} ({low}–{high})"


def _section(result: Result) -> str:
    m = result.machine
    versions = ", ".join(f"{name} {number}" for name, number in m["versions"].items())
    counts = [len(row.ours) for row in result.rows]
    repeats = dict.fromkeys((min(counts), max(counts)))
    others = f"other processes took {m['others']:.0%} of the machine meanwhile"
    busy = f" (**busy**: {others})" if m["others"] > _BUSY else ""
    return (
        f"\n## {result.job}\n\n{result.about}\n\n{table(result.rows)}\n{_remarks(result.rows)}"
        f"{'–'.join(map(str, repeats))} repeats on {m['date']}{busy}, {m['cpu']}, {m['cores']} "
        f"cores, {m['system']}; BLAS {m['blas']}; {versions}.\n"
    )
