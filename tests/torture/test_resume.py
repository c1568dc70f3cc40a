"""A run killed at any moment and taken up by ``recsys train --resume`` ends as if nothing had been.

The model's arrays are the same bits, and so is what was recorded of every epoch.
"""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recsys_cli.models import MODELS
from recsys_cli.runs import Store
from tests.torture.cases import each, seeds
from tests.torture.forks import AFTER, BEFORE, INSIDE, check

DATA = {"name": "synthetic", "users": 40, "items": 30, "interactions": 600}
EPOCHS = 9
LEAVE_LAST = {"name": "leave-last", "n": 1, "validation": 1}
WATCHED = {"monitor": "ndcg@10", "patience": 4}
#: What training may be made of.
PLANS: dict[str, dict[str, Any]] = {
    "plain": {"split": LEAVE_LAST},
    "watched": {"split": LEAVE_LAST, "train": WATCHED},
    "refit": {"split": LEAVE_LAST, "train": WATCHED | {"refit": True}},
    "folds": {"split": {"name": "k-fold", "k": 2}},
}


def iterative(name: str) -> bool:
    """Return whether a model goes through epochs, to the same bits each time."""
    model = MODELS.get(name)
    return "epochs" in model.Config.model_fields and model.deterministic


ITERATIVE = [name for name in MODELS.names() if iterative(name)]


class Whole(NamedTuple):
    """What a run comes to that nothing stops, and the numbers of its operations once it began."""

    files: dict[str, Any]
    operations: list[int]


@pytest.fixture(scope="session")
def whole(forks) -> Any:
    """Return the run of a spec that nothing stops."""

    @cache
    def run(name: str, plan: str) -> Whole:
        world = forks.world(forks.folder / "whole")
        ended = forks.run(world, train(world, name, plan))
        assert ended.code == 0, ended
        operations = forks.operations(world)
        begun = next(o.number for o in operations if "run.json" in o.path and o.call == "rename")
        return Whole(files(world), [o.number for o in operations if o.number > begun])

    return run


def train(world: Path, name: str, plan: str) -> list[str]:
    """Write the spec of a model; return the command that trains it, with many checkpoints."""
    small = {"epochs": EPOCHS, "factors": 4, "burn_in": 2, "samples": 3}
    known = MODELS.get(name).Config.model_fields
    model = {"name": name} | {key: value for key, value in small.items() if key in known}
    spec = {"name": "it", "dataset": DATA, "model": model, "evaluation": {"metrics": ["ndcg@10"]}}
    plans = dict(PLANS[plan])
    if "train" in plans and not MODELS.get(name).stops_between_epochs:
        del plans["train"]
    (world / "it.yaml").write_text(json.dumps(spec | plans))
    return ["train", "it.yaml", "--checkpoint", "0.0001s", "--threads", "1"]


def files(world: Path) -> dict[str, Any]:
    """Return the bytes of every model, what each epoch was, and which was the best."""
    run = Store(world / "runs").find("it-1")
    run.verify()
    found: dict[str, Any] = {"best": run.record["best_epochs"]}
    for name in run.fold_names:
        lines = [{k: v for k, v in e.items() if k != "seconds"} for e in run.fold(name).history]
        arrays = {key: array.tobytes() for key, array in run.fold(name).model_arrays().items()}
        found[name] = (lines, arrays)
    return found


def moment(chance: random.Random, operations: list[int]) -> dict[str, int]:
    """Return where to stop: before, inside or after one operation."""
    return {"nth": chance.choice(operations), "how": chance.choice([BEFORE, INSIDE, AFTER])}


@pytest.mark.parametrize("name", ITERATIVE)
@seeds(quick=1, full=20, chunk=20)
def test_a_killed_run_is_taken_up_to_the_same_bits(request, forks, whole, seeds, name) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            chance = random.Random(f"{name} {seed}")
            plan = chance.choice(list(PLANS))
            expected = whole(name, plan)
            world = forks.world(forks.folder / "killed")
            words = train(world, name, plan)
            ended = forks.run(world, words, **moment(chance, expected.operations))
            assert ended.code != 0
            words = ["train", "--resume", "it-1", *words[2:]]
            if chance.random() < 0.3:
                forks.run(world, words, **moment(chance, expected.operations))
            (state,) = Store(world / "runs").states("it")
            if state.status != "complete":
                ended = forks.run(world, words)
                assert ended.code == 0, ended
            check(world)
            found = files(world)
            assert found == expected.files, (
                plan,
                [k for k in found if found[k] != expected.files[k]],
            )
