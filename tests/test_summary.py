"""What several folds say together."""

from __future__ import annotations

import numpy as np
import pytest

from recsys_cli import statistics
from recsys_cli.listener import SILENT
from tests.test_experiment import experiment, spec, store

__all__ = ["store"]


def test_folds_have_an_interval_and_count_every_user_once(store):
    asked = spec(split={"name": "k-fold", "k": 3}, model={"name": "bias"})
    run = experiment.train(asked, store, SILENT, argv=[])
    experiment.evaluate(run, SILENT)
    assert run.metrics is not None
    for name, entry in run.metrics["metrics"].items():
        low, high = entry["ci95"]
        assert low < entry["value"] < high, name
        assert entry["users"] == 60


def test_the_mean_of_folds_without_common_users_is_that_of_independent_samples():
    rng = np.random.default_rng(3)
    folds = [statistics.mean(rng.normal(size=50)) for _ in range(2)]
    apart = statistics.average(folds, [np.arange(50), np.arange(50, 100)])
    same = statistics.average([folds[0]] * 2, [np.arange(50)] * 2)
    errors = [fold.standard_error or 0 for fold in folds]
    assert apart.standard_error == pytest.approx(np.hypot(*errors) / 2, rel=0.02)
    assert same.standard_error == pytest.approx(errors[0], rel=1e-12)
