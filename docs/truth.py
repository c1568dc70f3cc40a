"""Write truth.md: how near models come to what the synthetic ratings were drawn from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from recsys_cli.data import Float32, Int32, Interactions
from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.seeding import generator

PAGE = Path(__file__).parent / "truth.md"
USERS, ITEMS, SHARES, SEED = 2_000, 1_000, (0.3, 0.01), 42
#: Weights above this many times the median are cut: a few pairs would outweigh all others.
MOST_WEIGHT = 20
#: Row of the table, model, and the values to choose from; names with ``+`` are set together.
CANDIDATES: list[tuple[str, str, dict[str, list[Any]]]] = [
    ("bias", "bias", {"reg_user+reg_item": [1.0, 3.0, 10.0]}),
    ("mf, sgd", "mf", {"factors": [8, 32], "reg_user+reg_item": [0.3, 1.0, 3.0, 10.0]}),
    (
        "mf, als",
        "mf",
        {
            "solver": ["als"],
            "epochs": [10],
            "nu": [0.0],
            "factors": [8],
            "reg_user+reg_item": [1.0, 3.0, 10.0, 30.0],
        },
    ),
    ("bayesian-mf", "bayesian-mf", {"factors": [8]}),
    ("svd, centred by user and item", "svd", {"centre": ["both"], "factors": [2, 4, 8, 16]}),
    ("svd, missing as zero", "svd", {"centre": ["none"], "factors": [2, 4, 8, 16, 64]}),
]
HEAD = f"""\
# Truth: the ratings that nobody gave

<!-- Written by `python docs/truth.py`. -->

The synthetic data know the expected rating of every pair, also of those that nobody rated. Here are
{USERS:,} users × {ITEMS:,} items whose tastes stand still (`drift: 0`), with 30% and with 1% of the
pairs rated, in two ways. *At random*: every pair has the same chance. *By choice*: what is popular
and what appeals is rated sooner, as in the dataset itself and in all real logs. A model's error is
the root mean square of its rating less the expected one over all pairs that are **not** rated.
Parameters were chosen by RMSE on a random tenth of the ratings, never by the truth; then each model
was fitted to all.

The best constant has the standard deviation of the truth as its error. The noise floor is the RMSE
that the truth itself has on the ratings: no model predicts ratings better, but the truth behind
them can be recovered to less than that, the more ratings there are.

"""
FOOT = """
- At random and at 30%, factorisation recovers the truth to a fraction of the noise. At 1%, ten
  ratings a user, little more than the biases can be known.
- Ratings by choice mislead: the rated pairs are those that appeal, so every model that is fitted to
  them as they are rates the others too high, at 1% worse than the best constant, which knows the
  mean of the truth. Weights of 1 / (the probability of being rated) undo part of it where ratings
  are few; at 30% they cost more in noise than they take from the bias. Here the probabilities are
  known, on Coat they are estimated (`configs/other/coat-mf-ips.yaml`).
- Taking a missing rating for a zero (`svd` with `centre: none`) recovers nothing: its scores sink
  towards 0 with the share that is missing. It is made for ranking (PureSVD).
"""
COLUMNS = """| rated | how | model | error on missing pairs | of the best constant's | chosen |
|---|---|---|---|---|---|
"""


def main() -> None:
    """Write the page."""
    cases = [(share, chosen) for share in SHARES for chosen in (False, True)]
    table = "".join(row for case in cases for row in rows(*case))
    PAGE.write_text(HEAD + COLUMNS + table + FOOT, "utf-8")


def rows(share: float, by_choice: bool) -> Iterator[str]:
    """Yield the lines of the table for one share of rated pairs and one way of rating them."""
    size = {"users": USERS, "items": ITEMS, "interactions": round(share * USERS * ITEMS)}
    loader: Any = LOADERS.get("synthetic")(**size, drift=0.0)
    data, truth = loader.load().interactions, loader.truth()
    data = data if by_choice else at_random(data, truth)
    missing = np.ones((USERS, ITEMS), bool)
    missing[data.user_idx, data.item_idx] = False
    users, items = (index.astype(np.int32) for index in np.nonzero(missing))
    expected = truth.expected_rating(users, items)
    constant = float(expected.std(dtype=np.float64))
    floor = error(truth.expected_rating(data.user_idx, data.item_idx), data.value)
    start = f"| {share:.0%} | {'by choice' if by_choice else 'at random'} |"
    yield f"{start} the best constant | {constant:.3f} | 100% | |\n"
    yield f"{start} (noise floor of ratings) | {floor:.3f} | | |\n"
    cases = [(data, *candidate) for candidate in CANDIDATES]
    if by_choice:
        _, name, values = CANDIDATES[1]
        cases.insert(2, (weighted(data, truth), "mf, sgd, weighted", name, values))
    for given, label, name, values in cases:
        chosen = choose(name, values, given)
        found = error(rate(fit(name, chosen, given), users, items), expected)
        told = ", ".join(f"{key} {value}" for key, value in chosen.items())
        yield f"{start} {label} | {found:.3f} | {found / constant:.0%} | {told} |\n"


def at_random(data: Interactions, truth: Any) -> Interactions:
    """Return as many ratings of pairs drawn without regard to the truth."""
    rng = generator(SEED, "at-random")
    cells = np.sort(rng.choice(USERS * ITEMS, len(data), replace=False))
    users, items = (index.astype(np.int32) for index in np.divmod(cells, ITEMS))
    value = truth.ratings(users, items, rng)
    return replace(data, user_idx=users, item_idx=items, value=value)


def weighted(data: Interactions, truth: Any) -> Interactions:
    """Return the ratings with weights of one over the probability of being rated, of mean 1."""
    weight = 1 / truth.exposure(data.user_idx, data.item_idx)
    weight = np.minimum(weight, MOST_WEIGHT * np.median(weight))
    return replace(data, weight=(weight / weight.mean()).astype(np.float32))


def choose(name: str, values: dict[str, list[Any]], data: Interactions) -> dict[str, Any]:
    """Return the parameters with the smallest RMSE on a random tenth of the ratings."""
    tenth = generator(SEED, "truth").random(len(data)) < 0.1
    train, held = data.take(~tenth), data.take(tenth)

    def loss(parameters: dict[str, Any]) -> float:
        rated = rate(fit(name, parameters, train), held.user_idx, held.item_idx)
        return error(rated, held.value, held.weight)

    grid = itertools.product(*values.values())
    return min((spread(dict(zip(values, point, strict=True))) for point in grid), key=loss)


def spread(point: dict[str, Any]) -> dict[str, Any]:
    """Return parameters by name from names joined by ``+``."""
    return {name: value for names, value in point.items() for name in names.split("+")}


def fit(name: str, parameters: dict[str, Any], data: Interactions) -> Model[Any]:
    """Return a fitted model."""
    return MODELS.get(name)(**parameters).fit(data, rng=generator(SEED, "model"))


def rate(model: Model[Any], users: Int32, items: Int32) -> Float32:
    """Return the model's rating of each pair: its score, if it predicts none."""
    if model.predicts_ratings:
        return model.predict(users, items)
    return model.score(np.arange(USERS, dtype=np.int32))[users, items]


def error(found: Float32, wanted: Float32, weight: Float32 | None = None) -> float:
    """Return the root (weighted) mean square difference."""
    return float(np.sqrt(np.average((found.astype(np.float64) - wanted) ** 2, weights=weight)))


if __name__ == "__main__":
    main()
