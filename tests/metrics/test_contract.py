"""What every metric owes, whichever file it is in."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli.metrics import METRICS, parse
from recsys_cli.metrics._base import CatalogueMetric, Ranked, RankingMetric, RatingMetric

KINDS = {"ranking": RankingMetric, "rating": RatingMetric, "catalogue": CatalogueMetric}
every_metric = pytest.mark.parametrize("stem", METRICS.names())


@every_metric
def test_it_explains_itself(stem: str):
    metric = METRICS.get(stem)()
    assert metric.spec_name() == stem
    assert isinstance(metric, KINDS[metric.kind])
    doc = " ".join((type(metric).__doc__ or "").split())
    assert "References ----------" in doc
    assert "From 0" in doc, "the docstring states the range"
    if metric.kind != "rating" and metric.has_cutoff:
        assert "shorter than k" in doc, "the docstring says what a short list does"
        assert "lower item index" in doc, "the docstring says what a tie does"


@every_metric
def test_its_definition_is_one_sentence_with_the_cutoff(stem: str):
    metric = METRICS.get(stem)()
    k = 7 if metric.has_cutoff else None
    sentence = metric.definition(k)
    assert sentence
    assert "\n" not in sentence
    assert not sentence.endswith(".")
    assert ("7" in sentence) == metric.has_cutoff


@every_metric
def test_it_is_finite_and_in_bounds_without_any_recommendation(stem: str):
    metric = METRICS.get(stem)()
    nothing = Ranked(
        items=np.full((2, 3), -1, np.int32),
        hits=np.zeros((2, 3), bool),
        n_relevant=np.array([1, 9]),
        item_counts=np.array([3, 0, 2]),
        n_candidates=0,
        auc=np.array([0.0, 1.0]),
    )
    if isinstance(metric, RatingMetric):
        return
    values = metric.per_user(nothing, 3)
    assert values.shape == (2,)
    assert values.dtype == np.float64
    assert np.isfinite(values).all()
    if stem != "auc":
        assert (values == 0).all()
    if isinstance(metric, CatalogueMetric):
        assert metric.total(nothing, 3) == 0


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
