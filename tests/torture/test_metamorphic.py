"""Changes that mean nothing change nothing: metrics to 1e-12, recommendations item by item.

The evaluation is held to it by given scores without ties, for every metric of the registry, and so
are the models that are closed sums or unique optima of the interactions, for every relation that is
true of them:

renamed
    Other ids, and users in another order.
relabelled
    Items in another order as well. Ties go by the lower index: lists of models are held to each
    other up to scores that are equal, and metrics that order items by popularity are left out.
shuffled
    The rows in another order, no two of the same time. True to the bit of all that sorts its rows,
    which is every model but those that visit or draw rows by their place.
idle users and items
    Nobody's rows mention them. Not of models that draw a start for each user and item.
one user twice
    The copy gets the original's list and values. Of others it moves what counts popularity.
every user twice
    Shares stay, and so do all means and coverage; ``popularity``, a count, doubles. Not of items
    without interactions, which count as one, and not ``ips`` and ``snips``, whose propensities are
    of interactions + 1. Of models only where the penalty is doubled along; scores of counts grow,
    those of one user by one factor.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from recsys_cli.errors import DataError
from recsys_cli.evaluation import Evaluation, Evaluator
from recsys_cli.metrics import METRICS
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.seeding import generator
from recsys_cli.spec import EvaluationSpec, RelevantSpec
from tests.models.test_contract import CASES, SMALL, build
from tests.torture import worlds
from tests.torture.cases import each
from tests.torture.cases import seeds as seeded
from tests.torture.worlds import Given, World

ALL = [METRICS.get(name).example(cutoff="@3") for name in METRICS]
#: Metrics that weigh pairs by popularity + 1.
WEIGHED = [name for name in ALL if name.startswith(("ips", "snips"))]
#: Columns of users that count what others trained on, or, of a catalogue metric, who else is there.
OF_OTHERS = ("ips", "snips", "novelty", "popularity", "iuf", "long-tail", "serendipity")
OF_OTHERS += ("diversity-cooccurrence", "calibration")
RELATIONS = ("renamed", "relabelled", "shuffled", "idle", "copy", "twice")
#: Metrics that tell equally popular items apart by their index.
BY_INDEX = ("long-tail", "serendipity")
CLOSED = {
    "popular": {},
    "bias": {},
    "item-knn": {},
    "user-knn": {},
    "ease": {"reg": 3.0},
    "slim": {"l1": 0.5, "l2": 2.0, "tolerance": 1e-7},
    "rp3beta": {},
    "content": {},
    "svd": {"factors": 3},
}
#: Models that visit rows one by one in an order drawn over their places, or hold some of them out.
BY_PLACE = ("bayesian-mf", "bayesian-mf with all terms", "mf", "svdpp", "timesvdpp")
BY_PLACE += ("ensemble", "ensemble of ratings")
BY_PLACE += ("surprise-co-clustering", "surprise-nmf", "surprise-svd", "surprise-svdpp")
SORTED = sorted(case for case in CASES if case not in BY_PLACE)
#: What doubles with the users, of those models that have a penalty or none.
DOUBLED = {"popular": (), "rp3beta": (), "ease": ("reg",), "slim": ("l1", "l2"), "content": ()}
DOUBLED |= {"bias": ("reg_item",)}


#: A user by number, and whether it is the copy.
Who = tuple[int, bool]


def who(world: World, user: int) -> Who:
    return int(world.users[user]), bool(world.copies[user])


def spec(rng: np.random.Generator, relation: str) -> EvaluationSpec:
    every = rng.random() < 0.5 and relation != "twice"
    return EvaluationSpec(
        metrics=ALL,
        relevant=RelevantSpec(min_value=rng.choice([None, 2.5])),
        candidates="all" if every else "train",
        users=str(rng.choice(["all", "warm"])),
    )


def changed(relation: str, world: World, asked: EvaluationSpec, rng: np.random.Generator) -> World:
    if relation in ("renamed", "relabelled"):
        return worlds.relabelled(world, rng, keep_items=relation == "renamed")
    if relation == "shuffled":
        return worlds.shuffled(world, rng)
    if relation == "idle":
        # Of all candidates, one more is one more to recommend.
        return worlds.with_idle(world, rng, items=asked.candidates == "train")
    everyone = np.arange(len(world.users))
    of = everyone if relation == "twice" else rng.choice(everyone, 1)
    return worlds.with_copies(world, rng, of)


def evaluated(world: World, asked: EvaluationSpec, model: Model) -> Evaluation | None:
    """Return an evaluation; where it is refused, one without what weighs pairs, or None."""
    kept = [name for name in asked.metrics if name not in WEIGHED]
    for one in (asked, asked.model_copy(update={"metrics": kept})):
        with suppress(DataError):
            return Evaluator(world.split, one, features=world.features).evaluate(model)
    return None


def fitted(model: Model, world: World) -> Model:
    rng = generator(1, "model")
    return model.fit(world.split.train, features=world.features, rng=rng)


def columns(world: World, found: Evaluation) -> dict[Who, dict[str, float]]:
    """Return the values of each user."""
    table = found.per_user
    rows = {name: column.tolist() for name, column in table.items() if name != "user_idx"}
    return {
        who(world, user): {name: column[at] for name, column in rows.items()}
        for at, user in enumerate(table["user_idx"])
    }


def lists(world: World, found: Evaluation) -> dict[Who, list[int]]:
    """Return each user's list, by the items' numbers."""
    assert found.lists is not None
    users, items = found.lists.user_idx, found.lists.items
    numbers = [[int(world.items[item]) for item in row if item >= 0] for row in items]
    return {who(world, user): row for user, row in zip(users, numbers, strict=True)}


def is_catalogue(name: str) -> bool:
    return METRICS.get(name.partition("@")[0].partition(":")[0]).kind == "catalogue"


def same(before: dict[str, float], after: dict[str, float], leave: tuple[str, ...] = ()) -> None:
    for name, value in before.items():
        if not name.startswith(leave):
            assert after[name] == pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True), name


def values(found: Evaluation) -> dict[str, float]:
    return {name: entry.value for name, entry in found.metrics.items()}


def expected(relation: str, before: Evaluation) -> dict[str, float]:
    """Return the values that are to be after a change: of ``popularity``, a count, the double."""
    double = relation == "twice"
    found = values(before).items()
    return {n: value * (1 + (double and n.startswith("popularity"))) for n, value in found}


@seeded(quick=36, full=1_000, chunk=20)
def test_of_given_scores_every_metric_stays(request, seeds):
    for seed, guard in each(request, seeds):
        with guard:
            rng = np.random.default_rng(seed)
            relation = RELATIONS[seed % len(RELATIONS)]
            world, asked = worlds.world(rng), spec(rng, relation)
            other = changed(relation, world, asked, rng)
            pair = [evaluated(one, asked, fitted(Given(one), one)) for one in (world, other)]
            hold(relation, world, other, *pair)


def hold(
    relation: str,
    world: World,
    other: World,
    before: Evaluation | None,
    after: Evaluation | None,
) -> None:
    """Hold two evaluations of given scores to what the relation says."""
    if before is None or after is None:
        assert before is after
        return
    assert before.metrics.keys() == after.metrics.keys()
    others = lists(other, after)
    assert lists(world, before) == {key: row for key, row in others.items() if not key[1]}
    assert all(row == others[number, False] for (number, _), row in others.items())
    was, now = columns(world, before), columns(other, after)
    moved = BY_INDEX if relation == "relabelled" else ()
    if relation in ("copy", "twice"):
        moved = (*OF_OTHERS, *(name for name in ALL if is_catalogue(name)))
    for user, row in was.items():
        same(row, now[user], moved)
        if (user[0], True) in now:
            same(now[user], now[user[0], True])
    if relation == "copy":
        return
    leave = {"twice": tuple(WEIGHED), "relabelled": BY_INDEX}
    same(expected(relation, before), values(after), leave.get(relation, ()))


@seeded(quick=36, full=800, chunk=20)
def test_of_models_recommendations_correspond(request, seeds):
    for seed, guard in each(request, seeds):
        with guard:
            rng = np.random.default_rng([1, seed])
            name = sorted(CLOSED)[seed % len(CLOSED)]
            relation = RELATIONS[int(rng.integers(len(RELATIONS) - (name not in DOUBLED)))]
            world, asked = worlds.world(rng), spec(rng, relation)
            if name == "content" and relation == "idle":
                asked = asked.model_copy(update={"candidates": "all"})  # it learns of all items
            other = changed(relation, world, asked, rng)
            cls = MODELS.get(name)
            config = dict(CLOSED[name])
            first = fitted(cls(**config), world)
            if relation == "twice":
                config |= {key: 2 * getattr(first.config, key) for key in DOUBLED[name]}
            correspond(relation, world, other, first, fitted(cls(**config), other))
            measure_alike(relation, world, other, asked, first, fitted(cls(**config), other))


@seeded(quick=12, full=200, chunk=20)
def test_no_model_that_sorts_its_rows_sees_their_order(request, seeds):
    for seed, guard in each(request, seeds):
        with guard:
            rng = np.random.default_rng([2, seed])
            world = worlds.world(rng)
            case = SORTED[seed % len(SORTED)]
            pair = [
                fitted(build(case, **SMALL), one) for one in (world, worlds.shuffled(world, rng))
            ]
            everyone = np.arange(len(world.users), dtype=np.int32)
            np.testing.assert_array_equal(*(model.score(everyone) for model in pair), case)


def by_number(world: World, model: Model) -> dict[Who, np.ndarray]:
    """Return the scores of each user, items in order of their numbers; nobody's are left out."""
    order = np.argsort(world.items, kind="stable")
    order = order[world.items[order] >= 0]
    users = np.flatnonzero(world.users >= 0).astype(np.int32)
    scores = model.score(users)[:, order]
    return {who(world, user): row for user, row in zip(users, scores, strict=True)}


def correspond(relation: str, world: World, other: World, first: Model, then: Model) -> None:
    """Hold the scores of two fits to each other; to the bit where the rows alone are shuffled."""
    was, now = by_number(world, first), by_number(other, then)
    near = {"rtol": 2e-4, "atol": 2e-5 * max(float(np.abs(row).max()) for row in was.values())}
    for user, row in was.items():
        if relation == "shuffled":
            np.testing.assert_array_equal(row, now[user])
        # Popularity, which serves cold users, counts users.
        cold = relation == "twice" and first.is_cold(np.array([user[0]]))[0]
        if relation != "copy" and not cold:
            np.testing.assert_allclose(
                now[user], row * grown(relation, first, row, now[user]), **near
            )
        if (user[0], True) in now:
            np.testing.assert_allclose(now[user[0], True], now[user], **near)


def grown(relation: str, model: Model, row: np.ndarray, then: np.ndarray) -> float:
    """Return the factor by which a user's scores are larger where every user is there twice."""
    if relation == "twice" and model.spec_name() in ("popular", "rp3beta") and row.any():
        return float(then.max() / row.max())
    return 1.0


def measure_alike(
    relation: str, world: World, other: World, asked: EvaluationSpec, first: Model, then: Model
) -> None:
    """Hold metrics to each other wherever no two scores lie so near that rounding orders them."""
    if relation == "copy":
        return  # one more user is one more vote
    left_out = WEIGHED if relation == "twice" else []
    names = [n for n in ALL if n not in left_out and (first.predicts_ratings or n not in RATING)]
    asked = asked.model_copy(update={"metrics": names})
    before, after = evaluated(world, asked, first), evaluated(other, asked, then)
    if before is None or after is None:
        assert before is after
        return
    names = list(before.metrics)
    found = lists(other, after)
    if lists(world, before) != {key: row for key, row in found.items() if not key[1]}:
        assert near_ties(first, world)
        return
    moved = BY_INDEX if relation == "relabelled" else ()
    kept = [name for name in names if not name.startswith(("auc", *RATING, *moved))]
    was, now = expected(relation, before), values(after)
    same({name: was[name] for name in kept}, now)
    for name in RATING if first.predicts_ratings else []:
        assert now[name] == pytest.approx(was[name], rel=1e-4)


RATING = ("rmse", "mae")


def near_ties(model: Model, world: World) -> bool:
    """Whether some user has two scores that rounding, or the order of items, may tell apart."""
    ordered = np.sort(np.stack([*by_number(world, model).values()]), axis=1)
    return bool((np.diff(ordered) <= 1e-4 * np.abs(ordered).max()).any())
