"""Conventions: what each peer itself said of rankings.json, and what is told of the others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.conventions import CONVENTIONS, find
from recsys_cli.conventions._base import Convention, Evidence
from recsys_cli.errors import SpecError
from recsys_cli.kernels.ranks import auc_rows
from recsys_cli.metrics import METRICS, parse
from recsys_cli.metrics._ranked import Ranked
from tests.metrics.build import World, ranked

FIXTURES = Path(__file__).parent / "fixtures"
CUTOFFS = [1, 3, 10, 15]


def evidence(raw: dict) -> Evidence:
    """Return one world of rankings.json as the evaluator would have it."""
    world = World(
        lists=raw["lists"],
        relevant=[dict(map(tuple, found)) for found in raw["relevant"]],
        n_items=raw["n_items"],
        train=[tuple(pair) for pair in raw["train"]],
        seen=[{i for u, i in raw["train"] if u == user} for user in range(len(raw["lists"]))],
        genres=[tuple(map(str, labels)) for labels in raw["labels"]],
        candidates=raw["candidates"],
    )
    user, _, rating, predicted = zip(*raw["rated"], strict=True)
    return Evidence(
        with_auc(ranked(world), raw["scores"]),
        np.array(rating, np.float32),
        np.array(predicted, np.float32),
        np.array(user),
    )


def with_auc(found: Ranked, scores: list[list[int]]) -> Ranked:
    context, auc = found.context, np.empty(len(scores))
    seen, relevant = context.seen, context.relevant
    known, wanted = (seen.indptr, seen.indices), (relevant.indptr, relevant.indices)
    auc_rows(np.array(scores, np.float32), context.candidates, *known, *wanted, auc)
    return replace(found, auc=auc)


WORLDS = [evidence(raw) for raw in json.loads((FIXTURES / "rankings.json").read_text())]


def said(convention: Convention, world: Evidence) -> dict[str, float]:
    """Return every term of a convention at every cutoff, by the peer's names."""
    terms = [term for terms in convention.terms.values() for term in terms]
    return {term.name.format(k=k): term.value(world, k) for term in terms for k in CUTOFFS}


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_the_peer_itself_says_so(name):
    recorded = json.loads((FIXTURES / f"{name}.json").read_text())
    convention = find(name)
    assert recorded["peer"] == convention.peer
    for world, values in zip(WORLDS, recorded["worlds"], strict=True):
        found = said(convention, world)
        assert set(values) <= set(found)
        assert {term: found[term] for term in values} == pytest.approx(values, abs=1e-12)
    assert set(found) == {term for values in recorded["worlds"] for term in values}


@pytest.mark.parametrize("name", list(CONVENTIONS))
def test_a_convention_speaks_of_metrics_that_there_are(name):
    convention = find(name)
    assert set(convention.terms) <= set(METRICS)
    assert convention.peer.lower().startswith(name)


def test_a_metric_that_the_peer_lacks_is_told():
    found = find("implicit").report([parse("ndcg@3"), parse("gini@3")], WORLDS[0])
    assert found["peer"] == "implicit 0.7.3"
    assert [term["name"] for term in found["metrics"]["ndcg@3"]] == ["ndcg (K=3)"]
    assert found["metrics"]["gini@3"] == []


def test_without_a_cutoff_the_whole_list_counts():
    (found,) = find("implicit").report([parse("auc")], WORLDS[0])["metrics"]["auc"]
    recorded = json.loads((FIXTURES / "implicit.json").read_text())["worlds"][0]
    assert found["name"] == "auc (K=10)"
    assert found["value"] == pytest.approx(recorded["auc (K=10)"], abs=1e-12)


def test_what_the_peer_cannot_compute_is_no_number():
    world = World(lists=[[0]], relevant=[{0: 1.0, 1: 1.0}], n_items=2, train=[(0, 0), (0, 1)])
    nothing = np.zeros(0, np.float32)
    evidence = Evidence(ranked(world), nothing, nothing, np.zeros(0, np.int64))
    (found,) = find("implicit").report([parse("auc")], evidence)["metrics"]["auc"]
    assert found["value"] is None


def test_an_unknown_convention_suggests_the_nearest():
    with pytest.raises(SpecError, match='unknown convention "lenskt"; did you mean "lenskit"'):
        find("lenskt")
