"""Write docs/statistics.md: how often intervals hold the truth, and how often tests are wrong.

``python -m benchmarks._calibration`` takes half an hour; the numbers follow from its seeds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks._simulated import POPULATIONS, Population, Rivals
from benchmarks._simulated_lists import coverage_p_value
from recsys_cli.seeding import generator
from recsys_cli.statistics import CONFIDENCE, Estimate, holm

DOCS = Path(__file__).parents[1] / "docs"
USERS = (30, 100, 1_000, 6_000)
TESTS = ("t", "wilcoxon", "permutation", "bootstrap")
#: Shares between these count as 95%.
BAND = (0.93, 0.97)
#: The upper 99% bound of an exact 5% test over 1,000 comparisons.
MOST_ERRORS = 0.067
ERROR_USERS = (30, 200)
LIFTS, POWER_USERS = (1.1, 1.25, 1.5), (200, 1_000, 6_000)
RESAMPLES = 999
TABLE = tuple[Sequence[str], list[list[str]]]


def main() -> None:
    """Run all simulations and write the page."""
    parts = {
        "{intervals}": intervals(),
        "{bootstraps}": bootstraps(),
        "{errors}": errors(),
        "{power}": power(),
    }
    page = (DOCS / "_statistics_intro.md").read_text("utf-8")
    page = page.replace("{coverage errors}", coverage_errors())
    for place, table in parts.items():
        page = page.replace(place, markdown(*table))
    notice = "<!-- Written by python -m benchmarks._calibration; edit _statistics_intro.md. -->\n\n"
    (DOCS / "statistics.md").write_text(notice + page, "utf-8")


def intervals() -> TABLE:
    """Return the coverage of our intervals, a row a population."""
    rows = []
    for at, one in enumerate(POPULATIONS):
        cells = [one.metric, one.about]
        for users in USERS:
            rounds = 4_000 if users <= 1_000 else 1_000
            share = one.covered(generator(at, f"coverage-{users}"), users, rounds)
            mark = "" if BAND[0] <= share <= BAND[1] else " (!)"
            cells.append(f"{share:.1%}{mark}")
        rows.append(cells)
    return ["metric", "population", *(f">{users:,} users" for users in USERS)], rows


def bootstraps() -> TABLE:
    """Return the coverage of other intervals at few users."""
    rows = [
        [one.metric, one.about, *(f"{share:.1%}" for share in _others(at, one))]
        for at, one in enumerate(POPULATIONS)
    ]
    kinds = ("ours", "Student's t", "percentile bootstrap", "bootstrap-t")
    return ["metric", "population", *(f">{kind}" for kind in kinds)], rows


def _others(at: int, one: Population) -> Iterator[float]:
    yield one.covered(generator(at, "others"), 30, 1_000)
    draws = np.random.default_rng(1)

    def percentile(found: Estimate) -> Sequence[float]:
        return [found.value + end for end in np.quantile(_resampled(found, draws)[0], _TAILS)]

    def studentised(found: Estimate) -> Sequence[float]:
        means, errors = _resampled(found, draws)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(errors > 0, means / errors, np.copysign(np.inf, means))
        low, high = np.quantile(t, _TAILS, method="nearest")
        error = found.standard_error or 0.0
        return found.value - (high * error if error else 0), found.value - (
            low * error if error else 0
        )

    for interval in (Estimate.interval, percentile, studentised):
        yield one.share(generator(at, "others"), 30, 1_000, interval)


_TAILS = (0.5 - CONFIDENCE / 2, 0.5 + CONFIDENCE / 2)


def _resampled(found: Estimate, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    users = len(found.influence)
    drawn = found.influence[rng.integers(0, users, (RESAMPLES, users))]
    return drawn.mean(axis=1), drawn.std(axis=1, ddof=1) / np.sqrt(users)


def errors() -> TABLE:
    """Return how often any of nine comparisons of equal runs has a star."""
    rows = []
    for test in TESTS:
        rounds = 4_000 if test == "t" else 1_000
        cells = [test, f"{rounds:,}"]
        for users in ERROR_USERS:
            rng = generator(0, f"errors-{test}-{users}")
            raw = [Rivals().p_values(rng, users, test) for _ in range(rounds)]
            alone = np.mean([p < 0.05 for family in raw for p in family])
            stars = np.mean([min(adjusted(family)) < 0.05 for family in raw])
            mark = "" if stars <= MOST_ERRORS else " (!)"
            cells.append(f"{alone:.1%}, {stars:.1%}{mark}")
        rows.append(cells)
    return ["test", ">families", *(f">{users:,} users" for users in ERROR_USERS)], rows


def coverage_errors() -> str:
    """Return how often equal runs differ in coverage, in words."""
    told = []
    for users in ERROR_USERS:
        rng = generator(0, f"coverage-errors-{users}")
        share = np.mean([coverage_p_value(rng, users) < 0.05 for _ in range(1_000)])
        told.append(f"{share:.1%} with {users} users")
    return " and ".join(told)


def power() -> TABLE:
    """Return how often a run that is better has a star, alone and among nine comparisons."""
    rows = []
    for lift in LIFTS:
        cells = [f"{lift - 1:+.0%}"]
        for users in POWER_USERS:
            rng = generator(0, f"power-{lift}-{users}")
            raw = [Rivals(lift).p_values(rng, users, "t") for _ in range(1_000)]
            alone = np.mean([family[0] < 0.05 for family in raw])
            starry = np.mean([adjusted(family)[0] < 0.05 for family in raw])
            cells.append(f"{alone:.0%}, {starry:.0%}")
        rows.append(cells)
    return ["hits of the better run", *(f">{users:,} users" for users in POWER_USERS)], rows


def adjusted(family: Sequence[float]) -> list[float]:
    """Return the adjusted p-values of a family."""
    return [math.nan if p is None else p for p in holm(family)]


def markdown(columns: Sequence[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; a column whose name begins with ``>`` is aligned to the right."""
    head = " | ".join(column.removeprefix(">") for column in columns)
    rule = "|".join("---:" if column.startswith(">") else "---" for column in columns)
    return "\n".join([f"| {head} |", f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)])


if __name__ == "__main__":
    main()
