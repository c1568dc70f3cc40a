"""Every accuracy metric on 10,000 random rankings: equal to ir-measures, or to a textbook's sums.

Scores are coarse, so that many are equal; lists are short or empty, some relevant items are unknown
to the training set, and values are 1 to 5.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.kernels.ranks import auc_rows
from recsys_cli.metrics import METRICS, parse
from recsys_cli.metrics._base import RatingMetric
from recsys_cli.metrics._ips import Weighed
from recsys_cli.metrics._ranked import Ranked
from recsys_cli.models._topk import top_k
from tests.metrics import naive
from tests.metrics.build import World, per_user, ranked

N_RANKINGS, N_RANKED, N_ITEMS = 10_000, 40, 48
CUTOFFS = (1, 5, 10, 20, 50)
#: What ir-measures calls a metric of ours, of relevant items alike and of values.
BINARY = {"precision": "P", "recall": "R", "ndcg": "nDCG", "map": "AP", "mrr": "RR"}
BINARY |= {"hit": "Success"}
GRADED = {"ndcg-linear": "nDCG"}
TEXTBOOK = ["recall-capped", "map-capped", "ndcg-exp"]
RATING = ["rmse", "mae"]


def random_scores() -> np.ndarray:
    """Return coarse scores; -inf is what a user knows, and much of it leaves a short list."""
    rng = np.random.default_rng(11)
    scores = rng.integers(0, 8, (N_RANKINGS, N_RANKED)).astype(np.float32)
    scores[rng.random(scores.shape) < rng.random((N_RANKINGS, 1))] = -np.inf
    return scores


@pytest.fixture(scope="module")
def rankings() -> tuple[list[list[int]], list[dict[int, float]], Ranked]:
    """Return lists, the relevant items of each with their values, and both as metrics have them."""
    rng, wanted = np.random.default_rng(12), []
    items, _ = top_k(random_scores(), 25)
    lists = [row[row >= 0].tolist() for row in items]
    for _ in range(N_RANKINGS):
        chosen = rng.permutation(N_ITEMS)[: rng.integers(1, 31)].tolist()
        wanted.append(dict(zip(chosen, rng.integers(1, 6, len(chosen)).astype(float), strict=True)))
    train = [(0, item) for item in range(N_ITEMS)]
    return lists, wanted, ranked(World(lists, wanted, N_ITEMS, train))


def of_ir_measures(names, lists, wanted) -> dict[str, np.ndarray]:
    """Return each user's value of the measures, ``{ours: theirs}``, by ir-measures."""
    import ir_measures

    qrels = [
        ir_measures.Qrel(str(u), str(item), int(value))
        for u, values in enumerate(wanted)
        for item, value in values.items()
    ]
    run = [
        ir_measures.ScoredDoc(str(u), str(item), float(-rank))
        for u, items in enumerate(lists)
        for rank, item in enumerate(items)
    ]
    of_measure = {ir_measures.parse_measure(theirs): ours for ours, theirs in names.items()}
    found = {ours: np.full(len(lists), np.nan) for ours in names}
    for value in ir_measures.iter_calc(list(of_measure), qrels, run):
        found[of_measure[value.measure]][int(value.query_id)] = value.value
    return found


def test_ten_thousand_random_rankings_equal_ir_measures(rankings):
    lists, wanted, data = rankings
    names = {f"{ours}@{k}": f"{name}@{k}" for ours, name in BINARY.items() for k in CUTOFFS}
    binary = [dict.fromkeys(values, 1.0) for values in wanted]
    expected = of_ir_measures(names, lists, binary)
    graded = {f"{ours}@{k}": f"{name}@{k}" for ours, name in GRADED.items() for k in CUTOFFS}
    for name, values in (expected | of_ir_measures(graded, lists, wanted)).items():
        assert not np.isnan(values).any(), name
        np.testing.assert_allclose(per_user(name, data), values, rtol=0, atol=1e-9, err_msg=name)


def textbook(stem: str, k: int, found: list[int], wanted: dict[int, float]) -> float:
    """Return the value of one list, as the definition says."""
    hits = [rank for rank, item in enumerate(found[:k], 1) if item in wanted]
    cap = min(k, len(wanted))
    if stem == "recall-capped":
        return len(hits) / cap
    if stem == "map-capped":
        return sum(n / rank for n, rank in enumerate(hits, 1)) / cap
    gain = {item: 2**value - 1 for item, value in wanted.items()}
    best = sorted(gain.values(), reverse=True)[:k]
    dcg = sum(gain[found[rank - 1]] / math.log2(rank + 1) for rank in hits)
    return dcg / sum(g / math.log2(rank + 1) for rank, g in enumerate(best, 1))


@pytest.mark.parametrize("stem", TEXTBOOK)
def test_ten_thousand_random_rankings_equal_the_textbook(stem, rankings):
    lists, wanted, data = rankings
    for k in CUTOFFS:
        expected = [textbook(stem, k, *pair) for pair in zip(lists, wanted, strict=True)]
        np.testing.assert_allclose(per_user(f"{stem}@{k}", data), expected, rtol=0, atol=1e-9)


def test_ten_thousand_random_rankings_have_the_textbook_auc(rankings):
    _, wanted, _ = rankings
    scores = random_scores()
    known = np.isneginf(scores)
    world = World(
        lists=[[] for _ in wanted],
        relevant=[
            {i: 1.0 for i in row if i >= N_RANKED or not known[user, i]} or {N_RANKED: 1.0}
            for user, row in enumerate(wanted)
        ],
        n_items=N_ITEMS,
        train=[(0, item) for item in range(N_RANKED)],
        seen=[set(np.flatnonzero(row).tolist()) for row in known],
    )
    context = ranked(world).context
    seen, relevant = context.seen, context.relevant
    whole = np.zeros((N_RANKINGS, N_ITEMS), np.float32)
    whole[:, :N_RANKED] = np.where(known, 0, scores)
    out = np.empty(N_RANKINGS)
    auc_rows(
        whole,
        context.candidates,
        *(seen.indptr, seen.indices),
        relevant.indptr,
        relevant.indices,
        out,
    )
    expected = [
        textbook_auc({i: float(row[i]) for i in np.flatnonzero(~gone).tolist()}, hits)
        for row, gone, hits in zip(scores, known, world.relevant, strict=True)
    ]
    found = replace(ranked(world), auc=out)
    np.testing.assert_allclose(per_user("auc", found), expected, rtol=0, atol=1e-9)


def textbook_auc(score: dict[int, float], wanted: dict[int, float]) -> float:
    """Return the share of pairs in the right order; of a relevant item without a score, none."""
    others = [value for item, value in score.items() if item not in wanted]
    if not others:
        return sum(item in score for item in wanted) / 2 / len(wanted)
    mine = [score[item] for item in wanted if item in score]
    right = sum((a > b) + (a == b) / 2 for a in mine for b in others)
    return right / len(others) / len(wanted)


@pytest.mark.parametrize("name", RATING)
def test_ten_thousand_random_ratings_have_the_textbook_error(name):
    rng = np.random.default_rng(13)
    rating = rng.integers(1, 6, N_RANKINGS).astype(np.float32)
    predicted = rng.uniform(1, 5, N_RANKINGS).astype(np.float32)
    metric = parse(name).metric
    assert isinstance(metric, RatingMetric)
    found = metric.link(np.mean(metric.loss(rating, predicted)))
    errors = [abs(a - b) for a, b in zip(rating.tolist(), predicted.tolist(), strict=True)]
    mean = sum(error**2 if name == "rmse" else error for error in errors) / len(errors)
    assert found == pytest.approx(math.sqrt(mean) if name == "rmse" else mean, abs=1e-9)


def test_no_accuracy_metric_is_left_out():
    """A new metric is here, among the loops of naive.py, or among those that weigh pairs."""
    here = {*BINARY, *GRADED, *TEXTBOOK, *RATING, "auc"}
    beyond = {stem.partition(":")[0] for stem in (*naive.OF_USER, *naive.OF_ALL)}
    weighed = {stem for stem in METRICS.names() if issubclass(METRICS.get(stem), Weighed)}
    assert set(METRICS.names()) == here | beyond | weighed
