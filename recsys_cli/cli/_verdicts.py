"""What ``recsys verify`` prints: a line as each row ends, and a table of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from recsys_cli.cli import render

if TYPE_CHECKING:
    from recsys_cli.verification import Verdict


def told(verdict: Verdict) -> str:
    """Return one line: what came of one row of a table of published numbers."""
    goal = "" if verdict.aim is None else f", aim {render.number(verdict.aim)}"
    ours = f"{verdict.spec}: {verdict.metric} {_ours(verdict)}"
    return f"{ours}{goal}: {_passed(verdict.passed)} ({', '.join(verdict.runs)})"


def verdicts(found: Sequence[Verdict]) -> None:
    """Print published, ours, difference and verdict, a line a row."""
    rows = []
    for one in found:
        known = "; ".join(f"{p['value']:.6g} ({p['source']})" for p in one.published)
        aim = render.number(one.aim) + (f" ({one.against})" if one.against else "")
        intervals = "; ".join(_interval(pair.ci95) for pair in one.comparisons)
        gap = "–" if one.difference is None else f"{one.difference:+.4f}"
        rows.append([one.spec, one.metric, known or "–", aim, _ours(one), gap, intervals or "–"])
        rows[-1].append(_passed(one.passed))
    columns = ["spec", "metric", "published", ">aim", ">ours", ">difference"]
    render.print_table(None, [*columns, ">95% interval, a seed", "verdict"], rows)


def _ours(verdict: Verdict) -> str:
    spread = "" if verdict.std is None else f" ± {render.number(verdict.std)}"
    return render.number(verdict.mean) + spread


def _passed(passed: bool | None) -> str:
    return "reported" if passed is None else "pass" if passed else "FAIL"


def _interval(ci95: tuple[float, float] | None) -> str:
    return "–" if ci95 is None else f"{ci95[0]:+.4f} … {ci95[1]:+.4f}"
