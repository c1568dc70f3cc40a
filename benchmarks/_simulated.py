"""Simulated evaluations whose truth is known, to count how often intervals and tests are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._simulated_groups import of_groups
from benchmarks._simulated_lists import novelty, of_lists
from recsys_cli.data import Float64
from recsys_cli.evaluation import estimate
from recsys_cli.metrics import parse
from recsys_cli.statistics import Estimate, paired_test

Drawn = tuple[Estimate, float]
#: The discount of a hit at each rank, and how likely a hit is to be there.
_DISCOUNTS = 1 / np.log2(np.arange(2, 12))
_RANKS = _DISCOUNTS**1.5 / np.sum(_DISCOUNTS**1.5)


@dataclass(frozen=True)
class Population:
    """Users to draw evaluations from.

    Attributes
    ----------
    metric : str
    about : str
    draw : callable
        From a generator and a number of users to a metric's estimate and its true value.
    """

    metric: str
    about: str
    draw: Callable[[np.random.Generator, int], Drawn]

    def covered(self, rng: np.random.Generator, users: int, rounds: int) -> float:
        """Return the share of simulated evaluations whose 95% interval holds the truth."""
        bounds = parse(self.metric).metric.bounds
        return self.share(rng, users, rounds, lambda found: found.interval(*bounds))

    def share(
        self, rng: np.random.Generator, users: int, rounds: int, interval: Callable[..., Any]
    ) -> float:
        """Return the share of evaluations in which an interval of the estimate holds the truth."""
        inside = 0
        for _ in range(rounds):
            found, truth = self.draw(rng, users)
            low, high = interval(found)
            inside += low <= truth <= high
        return inside / rounds


def last_item(rng: np.random.Generator, chance: Float64) -> Float64:
    """Return ndcg@10 of users with one relevant item, who find it with these probabilities."""
    hit = rng.random(len(chance)) < chance
    return np.where(hit, rng.choice(_DISCOUNTS, len(chance), p=_RANKS), 0.0)


def _one_relevant(share: float) -> Callable[[np.random.Generator, int], Drawn]:
    def draw(rng: np.random.Generator, users: int) -> Drawn:
        values = last_item(rng, rng.beta(1, 1 / share - 1, users))
        return estimate("ndcg@10", {"ndcg@10": values}), share * float(_RANKS @ _DISCOUNTS)

    return draw


def _many_relevant(rng: np.random.Generator, users: int) -> Drawn:
    values = rng.beta(1, 3, users) * (rng.random(users) < 0.6)
    return estimate("ndcg@10", {"ndcg@10": values}), 0.15


def _hits(rng: np.random.Generator, users: int) -> Drawn:
    share = rng.uniform(0.02, 0.5)
    return estimate("hit@10", {"hit@10": 1.0 * (rng.random(users) < share)}), share


def _precision(rng: np.random.Generator, users: int) -> Drawn:
    values = rng.binomial(10, rng.beta(0.5, 0.5 * 24, users)) / 10
    return estimate("precision@10", {"precision@10": values}), 0.04


def _rmse(rng: np.random.Generator, users: int) -> Drawn:
    pairs = np.ceil(np.exp(rng.normal(2.5, 1, users)))
    losses = rng.gamma(8, 1 / 8, users) * rng.gamma(pairs / 1.4) * 1.4
    return estimate("rmse", {"rmse": np.sqrt(losses / pairs), "pairs": pairs}), 1.0


def _weighed(rng: np.random.Generator, users: int) -> Drawn:
    values = last_item(rng, rng.beta(1, 9, users)) * np.exp(rng.normal(-0.5, 1, users))
    return estimate("ips-dcg@10", {"ips-dcg@10": values}), 0.1 * float(_RANKS @ _DISCOUNTS)


def _popularity(rng: np.random.Generator, users: int) -> Drawn:
    values = np.exp(rng.normal(0, 0.5, users))
    return estimate("popularity@10", {"popularity@10": values}), float(np.exp(0.125))


_LISTS = {True: "lists of 8 kinds of users, 1,000 items", False: "lists of any of 1,000 items"}
_SEVEN = [0.1, 0.15, 0.35, 0.2, 0.08, 0.07, 0.05]
#: Means of groups, and the shares of the users that they have.
_GROUPS = {
    "2 groups of users, alike": ([0.15, 0.15], [0.7, 0.3]),
    "2 groups of users, apart": ([0.2, 0.15], [0.7, 0.3]),
    "7 groups of users, alike": ([0.15] * 7, _SEVEN),
    "7 groups of users, apart": ([0.1, 0.12, 0.14, 0.15, 0.16, 0.18, 0.22], _SEVEN),
}

POPULATIONS = [
    Population("ndcg@10", "one relevant item a user, found by 5%", _one_relevant(0.05)),
    Population("ndcg@10", "one relevant item a user, found by 10%", _one_relevant(0.1)),
    Population("ndcg@10", "one relevant item a user, found by 30%", _one_relevant(0.3)),
    Population("ndcg@10", "many relevant items a user; 40% find none", _many_relevant),
    Population("hit@10", "a true share of 2% to 50%, drawn anew each time", _hits),
    Population("precision@10", "0.04 on average, users differ", _precision),
    Population("rmse", "1 to hundreds of pairs a user, whose errors go together", _rmse),
    Population("popularity@10", "log-normal", _popularity),
    Population("ips-dcg@10", "found by 10%, weights log-normal", _weighed),
    Population("novelty@10", "lists of 8 kinds of users, 1,000 items", novelty),
    *(
        Population(name, about, of_lists(name, kinds=kinds))
        for name in ("coverage@10", "gini@10", "entropy@10")
        for kinds, about in _LISTS.items()
    ),
    *(
        Population(name, about, of_groups(name, *groups))
        for name in ("ndcg-gap:age@10", "ndcg-ratio:age@10")
        for about, groups in _GROUPS.items()
    ),
]


@dataclass(frozen=True)
class Rivals:
    """Runs on the same users, compared with the first: three others, three metrics, one family.

    Attributes
    ----------
    lift : float
        How many times more often the second run finds the item than the others do.
    """

    lift: float = 1.0
    runs = 4

    def p_values(self, rng: np.random.Generator, users: int, test: Any) -> list[float]:
        """Return the p-values of one simulated comparison, those of the second run first.

        As in :func:`~recsys_cli.comparison.compare`, Wilcoxon's test is not made of rmse.
        """
        chance = rng.beta(1, 9, users)
        lifts = [1.0, self.lift, *[1.0] * (self.runs - 2)]
        sides = [self._run(rng, np.minimum(1, lift * chance)) for lift in lifts]
        made = [test, test, "t" if test == "wilcoxon" else test]
        tests = (
            paired_test(other, first, kind)
            for side in sides[1:]
            for other, first, kind in zip(side, sides[0], made, strict=True)
        )
        return [1.0 if found.p_value is None else found.p_value for found in tests]

    def _run(self, rng: np.random.Generator, chance: Float64) -> list[Estimate]:
        """Return ndcg@10, hit@10 and rmse of one run; the first two go together."""
        ndcg = last_item(rng, chance)
        pairs = np.ceil(20 * chance + 1)
        errors = np.sqrt(rng.gamma(pairs / 2) * 2 / pairs)
        return [
            estimate("ndcg@10", {"ndcg@10": ndcg}),
            estimate("hit@10", {"hit@10": 1.0 * (ndcg > 0)}),
            estimate("rmse", {"rmse": errors, "pairs": pairs}),
        ]
