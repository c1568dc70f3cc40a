"""What held-out pairs weigh, and what the weighed metrics say of the pairs that nobody saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.data import Float32, Int32, Interactions, SideFeatures, Split
from recsys_cli.errors import DataError, SpecError
from recsys_cli.evaluation import Evaluation, Evaluator
from recsys_cli.heldout import HeldOut
from recsys_cli.metrics import METRICS
from recsys_cli.metrics._ips import Weighed
from recsys_cli.models._base import Model, ModelConfig
from recsys_cli.propensities import weigh
from recsys_cli.spec import EvaluationSpec, ExperimentSpec, PropensitySpec, RelevantSpec
from recsys_cli.specfile import from_document
from tests.conftest import interactions

WEIGHED = [name for name in METRICS.names() if issubclass(METRICS.get(name), Weighed)]
BY_ALL = [name for name in WEIGHED if name != "snips-recall"]
UNWEIGHED = PropensitySpec(power=0, clip=0)
N_ITEMS, K = 40, 5


class Fixed(Model[ModelConfig]):
    """Scores that were made elsewhere, those of users without training interactions too."""

    feedback = "explicit"

    def __init__(self, scores: Float32) -> None:
        super().__init__()
        self.scores = scores
        n_users, n_items = scores.shape
        self.user_counts_ = np.ones(n_users, np.int64)
        self.item_counts_ = np.ones(n_items, np.int64)

    def _train(
        self, train: Interactions, features: SideFeatures, rng: np.random.Generator
    ) -> Iterator[float | None]:
        yield 0.0

    def _score(self, user_idx: Int32) -> Float32:
        return self.scores[user_idx]


class World:
    """Everyone's opinion of everything; popular items are liked less, and recommended more.

    ``like`` bool (users, items), ``train`` Interactions of what is known, ``open`` bool what is not
    and could be held out, ``gained`` what each pair would add to the list of its user.
    """

    def __init__(self, n_users: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.rng, self.shape = rng, (n_users, N_ITEMS)
        self.chance = np.linspace(0.9, 0.02, N_ITEMS)
        self.like = rng.random(self.shape) < 0.15 + 0.3 * np.arange(N_ITEMS) / N_ITEMS
        self.scores = (self.chance + 0.4 * rng.random(self.shape)).astype(np.float32)

    def know(self, known: np.ndarray, weight: np.ndarray | None = None) -> None:
        self.train = self.rows(known, weight)
        self.open = ~known & (self.train.item_counts > 0)
        order = np.argsort(-np.where(self.open, self.scores, -np.inf), axis=1, kind="stable")
        rank = np.empty(self.shape, int)
        np.put_along_axis(rank, order, np.arange(1, N_ITEMS + 1)[None], axis=1)
        self.listed = self.open & (rank <= K)
        self.discount = self.listed / np.log2(rank + 1)

    def rows(self, which: np.ndarray, weight: np.ndarray | None = None) -> Interactions:
        user, item = np.nonzero(which)
        value = np.where(self.like[user, item], 5.0, 2.0)
        rows = list(zip(user.tolist(), item.tolist(), value.tolist(), strict=True))
        found = interactions(rows, self.shape, (1, 5))
        return found if weight is None else replace(found, weight=weight[user, item])

    def truth(self, stem: str) -> float:
        n_users, like = self.shape[0], self.like & self.open
        if stem.endswith("recall"):
            return float((like & self.listed).sum() / like.sum())
        if stem.endswith("dcg"):
            return float((like * self.discount).sum() / n_users)
        return float((like & self.listed).sum() / n_users / K)

    def judge(self, test: Interactions, spec: PropensitySpec) -> Evaluation:
        return judge(Split(self.train, test), self.scores, spec)


def judge(
    split: Split, scores: Float32, spec: PropensitySpec, low: float | None = 4, k: int = K
) -> Evaluation:
    metrics = [f"{name}@{k}" for name in (WEIGHED if low else ["snips-recall", "recall"])]
    asked = EvaluationSpec(metrics=metrics, relevant=RelevantSpec(min_value=low), propensity=spec)
    return Evaluator(split, asked).evaluate(Fixed(scores))


def standard_errors(found: Evaluation, name: str, truth: float) -> float:
    """Return by how many standard errors a value is off, by its own interval."""
    value = found.metrics[name]
    assert value.ci95 is not None
    return (value.value - truth) / ((value.ci95[1] - value.ci95[0]) / 3.92)


@pytest.fixture(scope="module")
def drawn_by_popularity() -> tuple[World, Interactions]:
    """One held-out item a user, drawn in proportion to popularity + 1 among those not known.

    Then the chance is known exactly, and many users are as many draws.
    """
    world = World(20_000)
    world.know(world.rng.random(world.shape) < world.chance / 4)
    share = (world.train.item_counts + 1.0) * world.open
    place = np.cumsum(share, axis=1) / share.sum(axis=1, keepdims=True)
    item = (place < world.rng.random((len(share), 1))).sum(axis=1)
    test = np.zeros(world.shape, bool)
    test[np.arange(len(test)), item] = True
    return world, world.rows(test)


@pytest.fixture(scope="module")
def drawn_by_known_chance() -> tuple[World, Interactions]:
    """Each pair is seen with a known chance, its weight is 7 over it; 30% are held out."""
    world = World(10_000, seed=2)
    chance = world.chance / 2 * (0.3 + 0.7 * world.rng.random((10_000, 1)))
    seen = world.rng.random(world.shape) < chance
    held = seen & (world.rng.random(world.shape) < 0.3)
    weight = (7 / chance).astype(np.float32)
    world.know(seen & ~held, weight)
    return world, world.rows(held, weight)


@pytest.mark.parametrize("stem", WEIGHED)
def test_popularity_weighs_a_hold_out_that_was_drawn_by_it_without_bias(stem, drawn_by_popularity):
    world, test = drawn_by_popularity
    truth, name = world.truth(stem), f"{stem}@{K}"
    weighed = world.judge(test, PropensitySpec(clip=0))
    assert abs(standard_errors(weighed, name, truth)) < 3.5
    naive = world.judge(test, UNWEIGHED)
    assert naive.metrics[name].value > 1.5 * truth, "the hold-out is biased"


@pytest.mark.parametrize("stem", WEIGHED)
def test_given_weights_undo_the_bias_of_what_was_seen(stem, drawn_by_known_chance):
    """The training part is seen by the same chances, and is no longer there to be held out."""
    world, test = drawn_by_known_chance
    truth, name = world.truth(stem), f"{stem}@{K}"
    weighed = world.judge(test, PropensitySpec(source="weights", clip=0))
    assert abs(standard_errors(weighed, name, truth)) < 3.5
    assert world.judge(test, UNWEIGHED).metrics[name].value > 1.5 * truth


#: Items by popularity: i0 3, i1 1, i2 1, i3 0 (no candidate). u0 knows i0, u2 nothing.
TRAIN = [(0, 0, 5), (1, 1, 5), (1, 0, 2), (3, 2, 5), (3, 0, 3)]
TEST = [(0, 1, 5), (0, 2, 1), (1, 2, 4), (2, 0, 1), (3, 3, 5)]
SCORES = np.tile(np.array([4, 3, 2, 1], np.float32), (4, 1))


def small() -> Split:
    train, test = (interactions(rows, (4, 4), (1, 5)) for rows in (TRAIN, TEST))
    return Split(train, test)


def held_out(split: Split) -> HeldOut:
    return HeldOut(split, EvaluationSpec(relevant=RelevantSpec(min_value=4)), "test")


def test_weights_by_popularity_by_hand():
    """u0 has i1 and i2 open, of counts + 1 = 2 and 2, and both are held out, as sure as can be.

    u1 has i2 open alone. u2 has all three open, 4, 2 and 2, and i0 is held out: 8 / 4. The item of
    u3 is no candidate: it weighs nothing, and u3 does not count.
    """
    found = weigh(held_out(small()), PropensitySpec(clip=0))
    np.testing.assert_allclose(found.pair, [1, 1, 1, 2])
    np.testing.assert_array_equal(found.row, [0, 0, 1, 2])
    np.testing.assert_allclose(found.relevant, [1, 1, 0])
    np.testing.assert_array_equal(found.n_open, [2, 1, 3, 1])
    np.testing.assert_array_equal(found.counted, [True, True, True, False])
    even = weigh(held_out(small()), UNWEIGHED)
    np.testing.assert_allclose(even.pair, [1, 1, 1, 3])


def test_a_user_without_a_relevant_item_counts_and_one_without_a_candidate_does_not():
    """At 1, u0 and u1 have a hit of weight 1, u2 none; three users count."""
    found = judge(small(), SCORES, PropensitySpec(clip=0), k=1)
    ips = found.metrics["ips-precision@1"]
    assert (ips.value, ips.users) == (pytest.approx(2 / 3), 3)
    np.testing.assert_allclose(found.per_user["ips-precision@1"], [1, 1, 0, np.nan])
    # 2 + 1 + 3 pairs were open, and the weights add up to 5.
    assert found.metrics["snips-precision@1"].value == pytest.approx(2 / 3 * 6 / 5)
    assert found.metrics["snips-recall@1"].value == 1
    json.dumps(found.document(), allow_nan=False)


@pytest.mark.parametrize("clip", [0.0, 0.5, 1.0])
def test_clipping_bounds_each_weight_by_what_an_even_draw_gives(clip: float, drawn_by_popularity):
    world, test = drawn_by_popularity
    part = held_out(Split(world.train, test))
    found, free = (weigh(part, PropensitySpec(power=2, clip=c)).pair for c in (clip, 0.0))
    even = weigh(part, UNWEIGHED).pair
    most = even / clip if clip else np.inf
    assert (free > 2 * even).any()
    np.testing.assert_allclose(found, np.minimum(free, most))


def test_an_item_that_nobody_trained_on_has_a_chance():
    spec = EvaluationSpec(relevant=RelevantSpec(min_value=4), candidates="all")
    found = weigh(HeldOut(small(), spec, "test"), PropensitySpec(power=2, clip=0))
    # u3 has i1 and i3 open, of (1 + 1)² and (0 + 1)².
    assert found.pair[-1] == pytest.approx((4 + 1) / 1)


@pytest.mark.parametrize("power", [0.0, 1.0])
def test_the_effective_number_of_pairs_is_kishs(power: float, drawn_by_popularity):
    world, test = drawn_by_popularity
    spec = PropensitySpec(power=power, clip=0)
    found = world.judge(test, spec).document()["metrics"]
    weights = weigh(held_out(Split(world.train, test)), spec)
    for stem in WEIGHED:
        some = weights.relevant if stem == "snips-recall" else weights.pair
        assert found[f"{stem}@{K}"]["pairs"] == len(some)
        expected = some.sum() ** 2 / (some**2).sum()
        assert found[f"{stem}@{K}"]["effective_pairs"] == pytest.approx(expected)
        assert (expected < 0.8 * len(some)) == (power > 0)


@pytest.mark.parametrize("stem", [name for name in WEIGHED if name.startswith("snips")])
def test_snips_does_not_hang_on_the_scale_of_the_propensities_and_says_what_each_user_does(stem):
    world = World(30, seed=3)
    seen = world.rng.random(world.shape) < world.chance / 2
    held = seen & (world.rng.random(world.shape) < 0.5)
    world.know(seen & ~held)
    name, test = f"{stem}@{K}", world.rows(held)
    spec = PropensitySpec(power=0.5)
    found = world.judge(test, spec)
    whole, falls = found.metrics[name].value, found.per_user[name]
    for position, user in enumerate(found.per_user["user_idx"].tolist()):
        rest = judge(Split(world.train, test.take(test.user_idx != user)), world.scores, spec)
        fall = 0.0 if np.isnan(falls[position]) else falls[position]
        assert fall == pytest.approx(whole - rest.metrics[name].value, abs=1e-12)


def test_the_recall_of_all_relevant_pairs_is_1_at_most_whatever_the_weights():
    world = World(200, seed=4)
    seen = world.rng.random(world.shape) < world.chance / 2
    held = seen & (world.rng.random(world.shape) < 0.5)
    world.know(seen & ~held)
    split = Split(world.train, world.rows(held))
    spec = PropensitySpec(power=2, clip=0)
    assert judge(split, world.scores, spec, k=N_ITEMS).metrics[f"snips-recall@{N_ITEMS}"].value == 1
    assert 0 < judge(split, world.scores, spec).metrics[f"snips-recall@{K}"].value < 1


@pytest.mark.parametrize("stem", BY_ALL)
def test_where_all_that_is_held_out_is_relevant_it_is_refused(stem: str):
    asked = EvaluationSpec(metrics=[f"{stem}@3"])
    with pytest.raises(DataError, match="all held-out interactions are relevant"):
        Evaluator(small(), asked).evaluate(Fixed(SCORES))
    found = judge(small(), SCORES, PropensitySpec(), low=None)
    assert 0 < found.metrics[f"snips-recall@{K}"].value <= 1


def test_weights_that_the_data_lack_are_missed_only_by_metrics_that_weigh():
    given = PropensitySpec(source="weights")
    with pytest.raises(DataError, match="no weights to take propensities from") as caught:
        judge(small(), SCORES, given)
    assert caught.value.exit_code == 5
    found = Evaluator(small(), EvaluationSpec(metrics=["ndcg@3"], propensity=given))
    assert found.evaluate(Fixed(SCORES)).metrics["ndcg@3"].value > 0


DOCUMENT = {
    "name": "weighed",
    "dataset": {"name": "synthetic"},
    "split": {"name": "random"},
    "model": {"name": "popular"},
}


@pytest.mark.parametrize(
    "block",
    [
        {"power": -1},
        {"power": 3},
        {"clip": -0.1},
        {"clip": 1.5},
        {"source": "item"},
        {"power": True},
    ],
)
def test_propensities_that_mean_nothing_are_refused(block: dict[str, object]):
    with pytest.raises(SpecError, match=f"evaluation.propensity.{next(iter(block))}"):
        from_document({**DOCUMENT, "evaluation": {"propensity": block}})


def test_the_default_moves_no_fingerprint_and_another_does():
    def of(**propensity: object) -> ExperimentSpec:
        return from_document({**DOCUMENT, "evaluation": {"propensity": propensity}})

    plain = from_document(DOCUMENT)
    assert plain.fingerprint == of(power=1.0).fingerprint != of(power=0.5).fingerprint
    assert of(power=0.5).document()["evaluation"]["propensity"]["clip"] == 0.1
