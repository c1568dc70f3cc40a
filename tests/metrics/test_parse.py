"""A metric is its string."""

from __future__ import annotations

import subprocess
import sys

import pytest

from recsys_cli.errors import SpecError
from recsys_cli.metrics import METRICS, parse


def test_a_name_holds_the_metric_and_its_cutoff():
    assert (parse("ndcg@10").metric.spec_name(), parse("ndcg@10").k) == ("ndcg", 10)
    assert (parse("recall-capped@1").metric.spec_name(), parse("recall-capped@1").k) == (
        "recall-capped",
        1,
    )
    assert parse("rmse").k is None
    assert parse("auc").k is None
    assert parse("map@10000").k == 10_000


def test_a_name_may_hold_a_column():
    _, metric, k = parse("recall-gap:age group@5")
    assert (metric.spec_name(), metric.column, k) == ("recall-gap", "age group", 5)
    assert parse("recall@5").metric.column is None
    assert "age group" in metric.definition(k)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ndgc@10", 'unknown metric "ndgc@10"; did you mean "ndcg@10"?'),
        ("NDCG@5", 'did you mean "ndcg@5"?'),
        ("ndgc", 'did you mean "ndcg@10"?'),
        ("rmsee@5", 'did you mean "rmse"?'),
        ("zebra@5", "known: auc, calibration, coverage"),
        ("ndcg", '"ndcg" needs a cutoff, such as ndcg@10'),
        ("rmse@10", '"rmse@10": rmse takes no cutoff; did you mean "rmse"?'),
        ("auc@", '"auc@": auc takes no cutoff'),
        ("ndcg@0", "whole number from 1"),
        ("ndcg@x", "whole number from 1"),
        ("ndcg@-1", "whole number from 1"),
        ("ndcg@1e1", "whole number from 1"),
        ("ndcg@010", "whole number from 1"),
        ("ndcg@", "whole number from 1"),
        ("ndcg@10@5", "whole number from 1"),
        ("ndcg@٣", "whole number from 1"),
        ("ndcg@10001", "whole number from 1 to 10,000"),
        ("", "known: auc"),
        ("ndcg:genre@10", '"ndcg:genre@10": ndcg takes no column; did you mean "ndcg@10"?'),
        ("rmse:genre", '"rmse:genre": rmse takes no column'),
        ("calibration@10", "needs a column of the items, such as calibration:genre@10"),
        ("recall-gap", "needs a column of the users, such as recall-gap:gender@10"),
        ("recall-gap:@5", "needs a column of the users, such as recall-gap:gender@5"),
        ("recall-gap:gender", "needs a cutoff, such as recall-gap:gender@10"),
        ("recal-gap:gender@5", 'did you mean "recall-gap:gender@5"?'),
        ("calibraton@5", 'did you mean "calibration:genre@5"?'),
        ("diversty:genre@5", 'did you mean "diversity@5"?'),
    ],
)
def test_a_wrong_name_says_what_to_write(name: str, message: str):
    with pytest.raises(SpecError) as caught:
        parse(name)
    assert message in str(caught.value)


def test_listing_the_names_imports_no_metric():
    code = (
        "import sys; from recsys_cli.metrics import METRICS; METRICS.names();"
        "assert 'numpy' not in sys.modules and 'recsys_cli.metrics.ndcg' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_issue_metric_is_there():
    assert set(METRICS.names()) >= {
        *("rmse", "mae", "precision", "recall", "recall-capped", "ndcg", "map", "map-capped"),
        *("mrr", "hit", "auc", "coverage", "popularity", "ndcg-linear", "ndcg-exp"),
        *("user-coverage", "gini", "entropy", "novelty", "iuf", "long-tail", "serendipity"),
        *("diversity", "diversity-cooccurrence", "calibration", "exposure-gap", "exposure-ratio"),
        *("ndcg-gap", "ndcg-ratio", "recall-gap", "recall-ratio"),
    }
