from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from recsys_cli.description import describe
from recsys_cli.loaders import LOADERS
from recsys_cli.specfile import component


def small():
    sizes = ["users=60", "items=50", "interactions=1500"]
    return LOADERS.create(component(LOADERS, "synthetic", sizes)).load()


def test_facts_of_a_table_done_by_hand(make):
    rows = [(0, 0, 1.0, 0), (0, 1, 2.0, 86_400), (1, 0, 3.0, 172_800), (1, 0, 4.0, 172_801)]
    facts = describe(replace(small(), interactions=make(rows, (3, 4), (1, 5))))
    wanted = {
        "interactions": 4,
        "users": 2,
        "items": 2,
        "items_without_interactions": 2,
        "repeated_pairs": 1,
        "density": 1.0,
        "scale": (1, 5),
        "value_mean": 2.5,
        "value_std": round(float(np.std([1, 2, 3, 4])), 4),
        "per_user_min": 2,
        "per_item_median": 2.0,
        "per_item_max": 3,
        "top_tenth_of_items_share": 0.75,
        "first": "1970-01-01",
        "last": "1970-01-03",
    }
    assert {key: facts[key] for key in wanted} == wanted


def test_no_interactions_and_no_times_are_no_error(make):
    assert describe(replace(small(), interactions=make([], (2, 2))))["interactions"] == 0
    assert "first" not in describe(replace(small(), interactions=make([(0, 0, 1.0)])))


def test_facts_are_json():
    facts = describe(small())
    assert json.loads(json.dumps(facts, allow_nan=False))["synthetic"] is True
    assert facts["item_feature_columns"] > 0
