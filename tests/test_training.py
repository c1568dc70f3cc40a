from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recsys_cli.data import Dataset, DatasetInfo, Interactions, SideFeatures, Split
from recsys_cli.listener import SILENT, Listener
from recsys_cli.spec import ExperimentSpec
from recsys_cli.training import Monitor, fit, refitted
from tests.conftest import side_features


def spec(model: dict[str, Any] | None = None, **train: Any) -> ExperimentSpec:
    return ExperimentSpec.model_validate(
        {
            "name": "x",
            "dataset": {"name": "synthetic"},
            "split": {"name": "random", "validation": 0.1},
            "model": model or {"name": "mf", "factors": 4, "epochs": 12},
            "train": train,
            "evaluation": {"metrics": ["rmse", "ndcg@5"]},
        }
    )


def whole(data: Interactions) -> Dataset:
    info = DatasetInfo(name="x", description="", licence="", citation="", source_hash="")
    return Dataset(interactions=data, info=info, titles=None, features=SideFeatures(), folds={})


@pytest.fixture
def split(ratings) -> Split:
    part = np.arange(len(ratings)) % 10
    return Split(
        train=ratings.take(part > 1),
        validation=ratings.take(part == 1),
        test=ratings.take(part == 0),
        history=None,
        fold="1",
    )


class Scripted:
    """A model whose validation value is what the script says."""

    first_epoch = 1

    def __init__(self) -> None:
        self.epoch = 0

    def arrays(self) -> dict[str, Any]:
        return {"epoch": np.array(self.epoch)}


class Fold:
    """A fold of no run: its lines go into a list, and it has no time for checkpoints."""

    checkpoint_due = False

    def __init__(self, lines: list[dict[str, Any]]) -> None:
        self.epoch = lines.append

    def take_up(self) -> None:
        """There is nothing to take up."""


def watch(split: Split, monkeypatch, values: list[float], **train: Any) -> tuple[Monitor, int]:
    """Return the monitor and the epoch it stopped at (0: it never did)."""
    lines: list[dict[str, Any]] = []
    monitor = Monitor(spec(**train), split, Fold(lines), SILENT)
    model = Scripted()
    monkeypatch.setattr(monitor._evaluator, "value", lambda model, _name: values[model.epoch - 1])
    for model.epoch in range(1, len(values) + 1):
        if monitor(model, model.epoch, 0.5):  # type: ignore[arg-type]
            return monitor, model.epoch
    return monitor, 0


@pytest.mark.parametrize(
    ("values", "train", "best", "stopped"),
    [
        ([3, 2, 1, 2, 2, 2], {"monitor": "rmse", "patience": 2}, 3, 5),
        ([1, 2, 3, 2, 2, 2], {"monitor": "ndcg@5", "patience": 2}, 3, 5),
        ([3, 2, 1, 2, 0, 2], {"monitor": "rmse", "patience": 2}, 5, 0),
        ([1, 1, 1], {"monitor": "rmse", "patience": 3}, 1, 0),
        ([3, 2.95, 2.9, 2.85], {"monitor": "rmse", "patience": 3, "min_delta": 0.5}, 1, 4),
        ([3, 0, 2, 0, 1, 0], {"monitor": "rmse", "every": 2, "patience": 2}, 2, 6),
    ],
)
def test_the_best_epoch_is_kept_and_patience_ends(split, monkeypatch, values, train, best, stopped):
    monitor, at = watch(split, monkeypatch, values, **train)
    assert monitor.best is not None
    assert (monitor.best.epoch, at) == (best, stopped)
    assert monitor.best_arrays["epoch"] == best


def test_the_kept_model_is_that_of_the_best_epoch(split):
    asked = spec({"name": "mf", "factors": 40, "epochs": 60}, monitor="rmse", patience=3)
    lines: list[dict[str, Any]] = []
    found = fit(asked, whole(split.train), split, Fold(lines), SILENT)
    assert found.best is not None and found.best.epoch < len(lines)
    short = spec({"name": "mf", "factors": 40, "epochs": found.best.epoch})
    again = fit(short, whole(split.train), split, Fold([]), SILENT)
    for name, array in found.model.arrays().items():
        assert np.array_equal(array, again.model.arrays()[name])


def test_history_has_a_line_an_epoch(split):
    lines: list[dict[str, Any]] = []
    fit(spec(monitor="ndcg@5", every=5), whole(split.train), split, Fold(lines), SILENT)
    assert [line["epoch"] for line in lines] == list(range(1, 13))
    assert [line["epoch"] for line in lines if "ndcg@5" in line] == [5, 10]
    assert all(np.isfinite(line["loss"]) and line["seconds"] >= 0 for line in lines)


@pytest.mark.parametrize(("inner", "noted"), [("bias", False), ("item-knn", True)])
def test_weights_that_a_model_does_not_heed_are_noted(split, inner, noted):
    class Notes(Listener):
        def note(self, text: str) -> None:
            told.append(text)

    told: list[str] = []
    members = [{"name": "mf", "factors": 2, "epochs": 1}, {"name": inner}]
    weighted = replace(split.train, weight=np.ones(len(split.train), np.float32))
    asked = spec({"name": "ensemble", "models": members})
    part = replace(split, train=weighted)
    fit(asked, whole(weighted), part, Fold([]), Notes())
    assert any("without the weights" in text for text in told) == noted


def test_refit_learns_from_both_parts(split):
    lines: list[dict[str, Any]] = []
    found = fit(spec(refit=True), whole(split.train), split, Fold(lines), SILENT)
    assert split.validation is not None
    assert [line["epoch"] for line in lines] == list(range(1, 13))
    known = split.train.user_counts + split.validation.user_counts
    assert np.array_equal(found.model.user_counts_, known)


def test_refitting_moves_the_validation_users_history_into_training(make):
    shape = (4, 3)
    split = Split(
        train=make([(0, 0, 1)], shape),
        validation=make([(1, 1, 1)], shape),
        test=make([(2, 2, 1)], shape),
        history=make([(1, 0, 1), (2, 0, 1)], shape),
        fold="1",
    )
    moved = refitted(split)
    pairs = sorted(zip(moved.train.user_idx.tolist(), moved.train.item_idx.tolist(), strict=True))
    assert pairs == [(0, 0), (1, 0), (1, 1)]
    assert moved.validation is None and moved.history is not None
    assert moved.history.user_idx.tolist() == [2]


def test_epochs_of_a_burn_in_are_not_validated(split):
    lines: list[dict[str, Any]] = []
    model = {"name": "bayesian-mf", "factors": 3, "epochs": 12, "burn_in": 8}
    found = fit(spec(model, monitor="rmse"), whole(split.train), split, Fold(lines), SILENT)
    assert ["rmse" in line for line in lines] == [False] * 8 + [True] * 4
    assert found.best is not None
    assert found.best.epoch > 8


def test_doubts_are_told(split, make):
    class Notes(Listener):
        def __init__(self) -> None:
            self.told: list[str] = []

        def note(self, text: str) -> None:
            self.told.append(text)

    notes = Notes()
    ones = make([(u, i, 1.0) for u in range(6) for i in range(5) if u != i])
    fit(spec(), whole(ones), Split(train=ones, test=ones), Fold([]), notes)
    assert any("all values are 1" in text for text in notes.told)
    notes.told.clear()
    features = side_features(split.train)
    data = replace(whole(split.train), features=features)
    fit(spec({"name": "content"}), data, split, Fold([]), notes)
    assert [text for text in notes.told if text.startswith("Features")] == [
        "Features are known of 79 of the 80 users with training interactions.",
        "Features are known of 59 of the 60 items with training interactions.",
    ]
    notes.told.clear()
    early = split.train.take(split.train.item_idx < 20)
    part = replace(split, train=early)
    fit(spec({"name": "content"}), data, part, Fold([]), notes)
    assert (
        "Features are known of 19 of the 20 items with training interactions and of 40 of the 40 "
        "without."
    ) in notes.told
