"""What the error of a model that diverges tells its user to do."""

from __future__ import annotations

import re

import numpy as np
import pytest

from recsys_cli.errors import Diverged
from recsys_cli.models import MODELS
from recsys_cli.models.als import ALS
from recsys_cli.models.bpr import BPR
from tests.models.test_contract import build


def told(model, ratings):
    """Return the hint of a model whose first epoch brings a value that is not finite."""
    model._train = lambda train, features, rng: iter([np.nan])
    with pytest.raises(Diverged, match="diverged in epoch 1") as raised:
        model.fit(ratings, rng=np.random.default_rng(1))
    return raised.value.hint


@pytest.mark.parametrize("name", MODELS.names())
def test_only_parameters_that_the_model_has_are_named(name, ratings):
    model = build(name)
    hint = told(model, ratings)
    named = set(re.findall(r"model\.(\w+)", hint))
    fields = type(model.config).model_fields
    assert named <= set(fields)
    assert named or "values in the data" in hint
    assert ("lr" in named) == ("lr" in fields)
    assert {"reg", "l2"} & set(fields) <= named


def test_the_hint_reads_as_advice(ratings):
    assert told(BPR(), ratings) == (
        "lower model.lr or raise one of model.reg_user, model.reg_item, model.reg_bias"
    )
    assert told(ALS(), ratings) == (
        "raise model.reg, or look for huge values in the data: recsys data describe"
    )
