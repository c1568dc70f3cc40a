"""Training that runs away: it converges, or says in which epoch and which array it did not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from recsys_cli.cli._app import run
from recsys_cli.errors import DataError, Diverged
from recsys_cli.models import MODELS
from recsys_cli.models._base import Model
from recsys_cli.seeding import generator
from tests.cli.conftest import RATED, document
from tests.conftest import interactions, side_features
from tests.torture.cases import each, seeds
from tests.torture.model_cases import Rng, rng_of
from tests.torture.model_probes import require_finite, require_lists, require_similar

EPOCHS = 4
RECSYS = [sys.executable, "-c", "from recsys_cli.cli import main; main()"]
#: Seconds in which a command that diverged has ended, however crowded the machine.
LIMIT = 60
#: What trains by passes; the libraries among them may do all in one.
ITERATIVE = [name for name in MODELS if "epochs" in MODELS.get(name).Config.model_fields]
#: The same for which a later epoch sees what was done to an array.
STOPPING = [name for name in ITERATIVE if MODELS.get(name).stops_between_epochs]

#: What says which items are similar.
SIMILAR = [name for name in MODELS if hasattr(MODELS.get(name), "similar_items")]
#: Those of them that say the same of values of any scale.
SCALE_FREE = ("svd", "item-knn", "implicit-cosine", "implicit-tfidf", "content", "rp3beta")

#: What a large enough step always takes beyond float32.
RUN_AWAY = ("mf", "implicit-bpr", "surprise-svd", "bpr", "svdpp", "surprise-baseline")


@cache
def ratings() -> Any:
    """Return 400 ratings, 1 to 5, of 40 users and 30 items, with times."""
    rng = np.random.default_rng(5)
    cells = rng.choice(40 * 30, 400, replace=False)
    taste = rng.normal(size=(40, 2)) @ rng.normal(size=(30, 2)).T
    rows = [
        (int(c // 30), int(c % 30), float(np.clip(np.round(3 + taste[c // 30, c % 30]), 1, 5)), n)
        for n, c in enumerate(cells)
    ]
    return interactions(rows, (41, 31), (1, 5))


def build(name: str, **parameters: Any) -> Model[Any]:
    """Return a small model, with those of the parameters that it has."""
    cls = MODELS.get(name)
    asked = {"factors": 6, "epochs": EPOCHS, "burn_in": 1} | parameters
    return cls(**{key: value for key, value in asked.items() if key in cls.Config.model_fields})


@cache
def learned(name: str) -> tuple[str, ...]:
    """Return the names of what a model learns."""
    model = build(name).fit(ratings(), features=side_features(ratings()), rng=generator(1, "x"))
    return tuple(model.arrays())


def check(name: str, model: Model[Any], data: Any, on_epoch: Any = None) -> int | None:
    """Fit; return the epoch of the divergence, which names what diverged, None if it is sound."""
    losses: list[float | None] = []

    def watch(model: Model[Any], epoch: int, loss: float | None) -> bool:
        losses.append(loss)
        return bool(on_epoch and on_epoch(model, epoch))

    try:
        model.fit(data, features=side_features(data), rng=generator(2, "x"), on_epoch=watch)
    except Diverged as error:
        said = re.fullmatch(rf"{name} diverged in epoch (\d+): (.+)", error.message)
        assert said and error.exit_code == 4 and error.hint, error.message
        assert any(array in said[2] for array in learned(name)) or "gave up" in said[2], said[2]
        return int(said[1])
    assert all(loss is None or np.isfinite(loss) for loss in losses)
    require_sound(model, data)
    return None


def require_sound(model: Model[Any], data: Any) -> None:
    """Assert that what is learned is finite, and so is all that is made of it, or refused."""
    require_finite(model)
    users = np.arange(data.n_users, dtype=np.int32)
    try:
        for one in (model, model.fold_in(data.csr)):
            found = one.recommend(users, 10, exclude=data.csr)
            require_lists(*found, (data.n_users, 10), data.n_items, data.csr, None)
        require_similar(model, np.arange(data.n_items, dtype=np.int32), 10)
        if model.predicts_ratings:
            assert np.isfinite(model.predict(data.user_idx, data.item_idx, data.timestamp)).all()
    except Diverged as error:
        assert re.search(r"; \w+ reaches ", error.message), error.message


def rates(name: str, rng: Rng) -> None:
    """A learning rate of any size, or a regularisation that undoes it."""
    size = float(10 ** rng.uniform(-4, 6))
    reg = 0.0 if rng.random() < 0.5 or name == "hybrid" else size
    some = {"lr": size, "lr_decay": float(rng.choice([1.0, 0.9])), "init_std": 1.0}
    regs = {key: reg for key in ("reg", "reg_user", "reg_item") if rng.random() < 0.4 and reg}
    check(name, build(name, **some, **regs), ratings())


def scales(name: str, rng: Rng) -> None:
    """Values far from 1, all of them or one."""
    data, unit = ratings(), np.float32(rng.choice([1e30, 1e-30, -1e30, 1e37]))
    value = data.value * unit
    if rng.random() < 0.3:
        value = np.where(np.arange(len(value)) == 7, value, data.value)
    if MODELS.get(name).feedback == "implicit":
        value = np.abs(value)
    scale = (float(value.min()), float(value.max())) if rng.random() < 0.5 else None
    try:
        check(name, build(name), replace(data, value=value.astype(np.float32), scale=scale))
    except DataError as error:
        assert error.hint, "refused, and nothing said of what to do"


def injections(name: str, rng: Rng) -> None:
    """What is not finite appears in one array, after one epoch."""
    when = int(rng.integers(1, EPOCHS + 1)) if name in STOPPING else 1
    bad = np.float32(rng.choice([np.nan, np.inf, -np.inf]))

    def inject(model: Model[Any], epoch: int) -> None:
        if epoch == when:
            names = [key for key, one in model.arrays().items() if one.dtype.kind == "f"]
            spoil(model, str(rng.choice(names)), bad, rng)

    found = check(name, build(name), ratings(), inject)
    assert found is None or found in (when, when + 1)
    if when == EPOCHS or name not in STOPPING:
        assert found == when, "what is not finite was kept"


def spoil(model: Model[Any], name: str, bad: np.float32, rng: Rng) -> None:
    """Put a number into one place of a learned array."""
    held = getattr(model, f"{name}_")
    if np.ndim(held) == 0:
        setattr(model, f"{name}_", bad)
    elif not held.flags.writeable or rng.random() < 0.3:
        held = held.copy()
        setattr(model, f"{name}_", held)
    if np.ndim(held) and held.size:
        held[tuple(rng.integers(held.shape))] = bad


@seeds(quick=60, full=900, chunk=15)
def test_training_converges_or_names_epoch_and_array(request, seeds) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            rng = rng_of(seed, "divergence")
            name = ITERATIVE[seed % len(ITERATIVE)]
            recipe = (rates, scales, injections)[seed // len(ITERATIVE) % 3]
            recipe(name, rng)


@pytest.mark.parametrize("unit", [1e-36, 1e-30, 1e-22, 1e20, 1e30, 1e37])
@pytest.mark.parametrize("name", SIMILAR)
def test_similar_items_are_right_at_any_scale_or_refused(name, unit) -> None:
    data, every = ratings(), np.arange(30, dtype=np.int32)
    value = (data.value * np.float32(unit)).astype(np.float32)
    scaled = replace(data, value=value, scale=None)
    target = {"target": "implicit"} if name == "item-knn" else {}
    plain, model = build(name, **target), build(name, **target)
    try:
        model.fit(scaled, features=side_features(data), rng=generator(1, "x"))
    except (DataError, Diverged) as error:
        assert name not in SCALE_FREE and error.hint
        return
    require_similar(model, every, 5)
    if name in SCALE_FREE:
        plain.fit(data, features=side_features(data), rng=generator(1, "x"))
        (found, scores), (wanted, true) = (one.similar_items(every, 5) for one in (model, plain))
        np.testing.assert_allclose(scores, true, atol=1e-3)
        assert np.mean(found == wanted) > 0.95


@seeds(quick=2, full=12)
def test_a_run_that_diverges_exits_4_and_is_listed_as_failed(
    request, seeds, tmp_path, capsys
) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            name = RUN_AWAY[seed % len(RUN_AWAY)]
            model = {"name": name, "lr": 10.0 ** (30 + seed), "epochs": 3}
            if name == "surprise-baseline":
                model["method"] = "sgd"
            rated = RATED if MODELS.get(name).feedback == "explicit" else {}
            spec, runs = tmp_path / "spec.yaml", tmp_path / "runs"
            spec.write_text(json.dumps(document("away", **rated, model=model)))
            # In a process of its own: it has to end, whatever a library's thread waits for.
            words = [*RECSYS, "train", str(spec), "--runs", str(runs)]
            ended = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT)
            assert ended.returncode == 4, ended
            assert f"{name} diverged in epoch " in ended.stderr
            assert run(["runs", "--json", "--runs", str(runs)]) == 0
            (listed,) = json.loads(capsys.readouterr().out)
            assert listed["status"] == "failed"
            assert run(["evaluate", "away-1", "--runs", str(runs)]) == 6
