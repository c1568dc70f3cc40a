"""Simulated groups of users, and how far apart they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from recsys_cli.data import Float64, Int64
from recsys_cli.metrics import parse
from recsys_cli.metrics._context import Labels
from recsys_cli.metrics._groups import Gap
from recsys_cli.metrics._ranked import Ranked
from recsys_cli.statistics import Estimate, Groups, gap_interval, jackknife, ratio_interval

Drawn = tuple[Estimate, float]
#: The share of users who score anything.
_SCORE = 0.6


@dataclass(frozen=True, eq=False)
class Apart(Estimate):
    """An estimate with the interval that its groups give it."""

    ends: tuple[float, float] = (0.0, 0.0)

    def interval(self, low: float = -np.inf, high: float = np.inf) -> tuple[float, float]:
        """Return the 95% interval."""
        return self.ends


def of_groups(
    name: str, means: Sequence[float], shares: Sequence[float]
) -> Callable[[np.random.Generator, int], Drawn]:
    """Return how to draw a gap or ratio of groups with these means and shares of the users."""
    metric: Any = parse(name).metric
    gap = isinstance(metric, Gap)
    truth = max(means) - min(means) if gap else min(means) / max(means)
    ends = gap_interval if gap else ratio_interval

    def draw(rng: np.random.Generator, users: int) -> Drawn:
        group = rng.choice(len(means), users, p=shares)
        values = rng.beta(1, _SCORE / np.array(means)[group] - 1) * (rng.random(users) < _SCORE)
        ranked = _ranked(group, len(means), metric.score, values)
        found = jackknife(metric.total(ranked, 10), metric.per_user(ranked, 10))
        groups = Groups(*metric.scores(ranked, 10))
        return Apart(found.value, found.influence, total=True, ends=ends(groups)), truth

    return draw


def _ranked(group: Int64, n_groups: int, score: str, values: Float64) -> Ranked:
    """Return lists of users of these groups whose scores at 10 are these values."""
    users = len(group)
    labels = Labels(np.arange(users + 1), group.astype(np.int32), n_groups)
    context: Any = SimpleNamespace(users=np.arange(users), labels=lambda side, column: labels)
    ranked = Ranked(np.zeros((users, 1), np.int32), context)
    ranked.once((score, 10), lambda: values)
    return ranked
