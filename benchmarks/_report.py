"""Results on disk, and the page that is written from them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._measure import Row

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_HEAD = """\
# Performance

<!-- Written by `python -m benchmarks` from benchmarks/results; do not edit. -->

Times are medians of the repeats, with the shortest and the longest in brackets. Ours and the peer
ran in turn, in one process, after a warm-up; the ratio is the peer's time over ours, turn by turn,
so above 1 ours is faster. `make bench` measures again and rewrites this page.

"""
_COLUMNS = ("job", "case", "ours", "peer", "ratio", "quality, ours / peer", "aim", "aim met")


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


def table(results: Iterable[Result]) -> str:
    """Return one Markdown table of all rows."""
    rows = [_cells(result.job, row) for result in results for row in result.rows]
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def page(results: list[Result]) -> str:
    """Return docs/performance.md."""
    return _HEAD + table(results) + "".join(_section(result) for result in results)


def _cells(job: str, row: Row) -> tuple[str, ...]:
    peer = f"{spread(row.peer, _seconds)}, {row.versus}" if row.peer else "–"
    ratio = spread(row.ratios, lambda r: f"{r:.2f}×") if row.peer else "–"
    quality = "; ".join(
        f"{name} {' / '.join(f'{value:.5g}' for value in values)}"
        for name, values in row.quality.items()
    )
    met = {None: "–", True: "yes", False: "**missed**"}[row.met]
    return (job, row.case, spread(row.ours, _seconds), peer, ratio, quality or "–", _aim(row), met)


def _aim(row: Row) -> str:
    if row.faster is not None:
        return f"> {row.faster:g}×"
    return "–" if row.within is None else f"≤ {row.within:g} s"


def spread(values: list[float], show: Any) -> str:
    """Return the median with the smallest and the largest in brackets."""
    return f"{show(median(values))} ({show(min(values))}–{show(max(values))})"


def _seconds(value: float) -> str:
    return f"{value * 1000:.3g} ms" if value < 0.9995 else f"{value:.3g} s"


def _section(result: Result) -> str:
    m = result.machine
    versions = ", ".join(f"{name} {number}" for name, number in m["versions"].items())
    return (
        f"\n## {result.job}\n\n{result.about}\n\n"
        f"{m['date']}, {m['cpu']}, {m['cores']} cores, {m['system']}, load {m['load']} at the "
        f"start; BLAS {m['blas']}; {versions}; {len(result.rows[0].ours)} repeats or more.\n"
    )
