"""What every metric owes, whichever file it is in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recsys_cli.data import Features, SideFeatures
from recsys_cli.errors import SpecError
from recsys_cli.metrics import METRICS, parse
from recsys_cli.metrics._base import CatalogueMetric, Metric, RankingMetric, RatingMetric
from tests.metrics.build import World, ranked

KINDS = {"ranking": RankingMetric, "rating": RatingMetric, "catalogue": CatalogueMetric}
PEERS = ["trec_eval", "ir-measures", "RecBole", "implicit", "LensKit", "RecTools", "Surprise"]
PEERS += ["Microsoft Recommenders", "Elliot"]
every_metric = pytest.mark.parametrize("stem", METRICS.names())
LISTS = World(
    lists=[[2, 3, 0], [2], [], [4, 1]],
    relevant=[{2: 5.0, 9: 1.0}, {0: 3.0}, {9: 4.0}, {4: 2.0, 1: 1.0}],
    n_items=10,
    train=[(0, 0), (1, 0), (1, 0), (2, 1), (2, 2), (3, 3)],
    seen=[{1}, set(), {1, 2}, {3}],
    genres=[("Drama",), ("Drama", "War"), ("War",), *[()] * 7],
    genders=["F", "M", "", "M"],
    candidates=range(8),
)


def example(stem: str) -> Metric:
    return parse(METRICS.get(stem).example()).metric


@every_metric
def test_it_explains_itself(stem: str):
    metric = example(stem)
    assert metric.spec_name() == stem
    assert isinstance(metric, KINDS[metric.kind])
    doc = " ".join((type(metric).__doc__ or "").split())
    assert "References ----------" in doc
    assert "From 0" in doc, "the docstring states the range"
    assert "``" in doc.partition(" References ")[0], "the docstring states the formula"
    told = [peer for peer in PEERS if peer in doc.partition(" References ")[0]]
    assert told, "the docstring says which peer agrees, or that none has it"
    if metric.kind != "rating" and metric.has_cutoff:
        assert "shorter than k" in doc, "the docstring says what a short list does"
        assert "lower item index" in doc, "the docstring says what a tie does"


@every_metric
def test_its_definition_is_one_sentence_with_the_cutoff_and_the_column(stem: str):
    metric = example(stem)
    sentence = metric.definition(7 if metric.has_cutoff else None)
    assert sentence
    assert "\n" not in sentence
    assert not sentence.endswith(".")
    assert ("7" in sentence) == metric.has_cutoff
    if metric.column is not None:
        assert f'"{metric.column}"' in sentence


WORLDS = {
    "lists": LISTS,
    "no recommendation": replace(LISTS, lists=[[]] * 4),
    "no candidates": replace(LISTS, lists=[[]] * 4, candidates=[]),
    "one user": World(
        [[2, 3]], [{2: 1.0}], 10, [(0, 0)], [{0}], LISTS.genres, ["F"], LISTS.candidates
    ),
    "no labels": replace(LISTS, genres=[()] * 10, genders=[""] * 4),
}


@pytest.mark.parametrize("k", [1, 3, 10_000])
@pytest.mark.parametrize("world", WORLDS)
@every_metric
def test_it_is_in_bounds_and_finite_but_for_users_it_says_nothing_of(stem, world, k):
    metric, data = example(stem), ranked(WORLDS[world])
    if isinstance(metric, RatingMetric):
        return
    low, high = metric.bounds
    values = metric.per_user(data, k)
    assert values.shape == (len(data.items),)
    assert values.dtype == np.float64
    if isinstance(metric, CatalogueMetric):
        assert np.isfinite(values).all()
        assert low <= metric.total(data, k) <= high
        return
    leaves_out = stem == "calibration"
    assert np.isfinite(values).all() or leaves_out
    finite = values[np.isfinite(values)]
    assert ((finite >= low) & (finite <= high)).all()


@every_metric
def test_recommending_nothing_is_worth_nothing(stem: str):
    """0, or the end of the range that is worst; groups that all have nothing are alike."""
    metric, data = example(stem), ranked(WORLDS["no recommendation"])
    if isinstance(metric, RatingMetric) or stem == "auc":
        return
    values = metric.per_user(data, 3)
    worst = metric.bounds[1] if stem == "calibration" else 0
    np.testing.assert_allclose(values[~np.isnan(values)], worst)
    if isinstance(metric, CatalogueMetric):
        assert metric.total(data, 3) == (1 if stem.endswith("-ratio") else 0)


READS_FEATURES = [s for s in METRICS.names() if METRICS.get(s).features_of]


@pytest.mark.parametrize("stem", READS_FEATURES)
def test_without_features_it_is_refused_before_anything_is_computed(stem: str):
    side = METRICS.get(stem).features_of
    with pytest.raises(SpecError, match=f"{stem} needs labels of the {side}"):
        example(stem).check(SideFeatures())
    ids = ranked(LISTS).context.train.users
    numbers = Features(ids, numeric={"age": np.zeros(4, np.float32)})
    with pytest.raises(SpecError, match=f"{stem} needs labels of the {side}"):
        example(stem).check(SideFeatures(numbers, numbers))
    example(stem).check(ranked(LISTS).context.features)


@pytest.mark.parametrize("stem", [s for s in READS_FEATURES if METRICS.get(s).takes_column()])
def test_a_column_that_makes_no_groups_is_refused(stem: str):
    ids = ranked(LISTS).context.train.users
    features = Features(
        ids,
        {"gender": ["F", "M", "", "M"], "country": ["NL"] * 3 + [""]},
        numeric={"age": np.ones(4, np.float32)},
    )
    cases = {
        "gendr": 'no column "gendr"; did you mean "gender"?',
        "zip": 'no column "zip"; known: gender, country',
        "age": '"age" holds numbers',
        "country": "there are no groups to compare",
    }
    for column, message in cases.items():
        with pytest.raises(SpecError) as caught:
            METRICS.get(stem)(column=column).check(SideFeatures(features, features))
        assert message in str(caught.value)
        assert stem in str(caught.value)


@pytest.mark.parametrize("name", ["rmse", "mae"])
def test_a_loss_links_to_its_metric_and_back(name: str):
    metric = parse(name).metric
    assert isinstance(metric, RatingMetric)
    loss = np.array([0.0, 0.25, 1.0, 7.5])
    np.testing.assert_allclose(metric.unlink(metric.link(loss)), loss, rtol=1e-14)
    for at in (0.25, 1.0, 7.5):
        step = 1e-6
        rise = metric.link(np.array([at + step])) - metric.link(np.array([at - step]))
        assert metric.slope(at) == pytest.approx(float(rise[0]) / (2 * step), rel=1e-6)
    assert np.isfinite(metric.slope(0.0))
