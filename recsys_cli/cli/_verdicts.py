"""What ``recsys verify`` prints: a line as each row ends, and a table of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recsys_cli.cli import render

if TYPE_CHECKING:
    from recsys_cli.verdict import Verdict


def told(verdict: Verdict) -> str:
    """Return one line: what came of one row of a table of published numbers."""
    head = f"{_spec(verdict)}: {verdict.metric}"
    if verdict.error is not None:
        return f"{head}: {_passed(verdict)}"
    goal = "" if verdict.aim is None else f", aim {render.number(verdict.aim)}"
    return f"{head} {_ours(verdict)}{goal}: {_passed(verdict)} ({', '.join(verdict.runs)})"


def verdicts(found: Sequence[Verdict]) -> None:
    """Print published, ours, difference and verdict, a line a row."""
    rows = []
    for one in found:
        known = "; ".join(f"{p['value']:.6g} ({p['source']})" for p in one.published)
        intervals = "; ".join(_interval(pair.ci95) for pair in one.comparisons)
        gap = "–" if one.difference is None else f"{one.difference:+.4f}"
        ours = [_aim(one), _ours(one), gap, intervals or "–"]
        rows.append([_spec(one), one.metric, known or "–", *ours, _passed(one)])
    columns = ["spec", "metric", "published", ">aim", ">ours", ">difference"]
    render.print_table(None, [*columns, ">95% interval, a seed", "verdict"], rows)


def _ours(verdict: Verdict) -> str:
    spread = "" if verdict.std is None else f" ± {render.number(verdict.std)}"
    return render.number(verdict.mean) + spread


def _spec(verdict: Verdict) -> str:
    return ", ".join([verdict.spec, *verdict.set])


def _aim(verdict: Verdict) -> str:
    how = [verdict.against] if verdict.against else []
    how += [verdict.judge] if verdict.judge != "tolerance" else []
    return render.number(verdict.aim) + (f" ({', '.join(how)})" if how else "")


def _passed(verdict: Verdict) -> str:
    """Return the verdict; of an error its first line, which says what went wrong."""
    if verdict.error is not None:
        return "FAIL: " + verdict.error.partition("\n")[0]
    return "reported" if verdict.passed is None else "pass" if verdict.passed else "FAIL"


def _interval(ci95: tuple[float, float] | None) -> str:
    return "–" if ci95 is None else f"{ci95[0]:+.4f} … {ci95[1]:+.4f}"
