"""Small data shared by all tests."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from recsys_cli.data import Features, IdMap, Interactions, SideFeatures
from recsys_cli.runs._reading import read_sealed
from recsys_cli.runs._seal import seal
from tests.torture.hook import forbidden

# The first call of a kernel compiles it, which no deadline should count.
settings.register_profile("recsys", deadline=None)
settings.load_profile("recsys")


def pytest_configure(config: pytest.Config) -> None:
    """Let no test load a pickle, start a shell or reach beyond this machine; nor its children."""
    folder = tempfile.TemporaryDirectory(prefix="recsys-forbidden-")
    config.add_cleanup(folder.cleanup)
    os.environ[forbidden.LOG] = os.path.join(folder.name, "log")  # noqa: PTH118
    hook = str(Path(forbidden.__file__).parent)
    paths = [hook, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    forbidden.install()
    _hear_signals()


def _hear_signals() -> None:
    """Have children heed the signals that nohup, or a script's background, has this one ignore.

    A handler of Python's is not passed on, as to ignore is; so this process still ignores them.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Fail a test by what was refused to it or a child of it, be the exception swallowed."""
    yield
    found = forbidden.taken()
    assert not found, f"this is forbidden to tests: {', '.join(found)}"


def pytest_collection_finish() -> None:
    """Let nothing forbidden happen as tests are imported."""
    found = forbidden.taken()
    assert not found, f"this is forbidden to tests: {', '.join(found)}"


def interactions(
    rows: list[tuple[int, int, float]] | list[tuple[int, int, float, int]],
    shape: tuple[int, int] | None = None,
    scale: tuple[float, float] | None = None,
) -> Interactions:
    """Build interactions from (user, item, value[, time]) rows; ids are ``u0``, ``i0`` …"""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    n_users = shape[0] if shape else max(columns[0]) + 1
    n_items = shape[1] if shape else max(columns[1]) + 1
    return Interactions(
        users=IdMap(f"u{i}" for i in range(n_users)),
        items=IdMap(f"i{i}" for i in range(n_items)),
        user_idx=np.array(columns[0], np.int32),
        item_idx=np.array(columns[1], np.int32),
        value=np.array(columns[2], np.float32),
        timestamp=np.array(columns[3], np.int64) if len(columns) > 3 else None,
        scale=scale,
    )


def side_features(data: Interactions) -> SideFeatures:
    """Return features of each kind for the users and items of ``data``; one of each lacks some."""
    users, items = len(data.users), len(data.items)
    age = np.arange(users, dtype=np.float32) % 50 + 18
    age[0] = np.nan
    job = ["", *(f"job{u % 7}" for u in range(1, users))]
    genres = [(), *((f"genre{i % 6}", f"genre{i % 4}") for i in range(1, items))]
    return SideFeatures(
        Features(data.users, {"job": job}, numeric={"age": age}),
        Features(data.items, multilabel={"genre": genres}),
    )


def forge(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a sealed file of a run, and seal it again."""
    document = read_sealed(path)
    change(document)
    path.write_bytes(seal(document))


@pytest.fixture
def make() -> Callable[..., Interactions]:
    """The builder of small interactions."""
    return interactions


@pytest.fixture
def ratings() -> Interactions:
    """2,000 ratings 1–5 of 80 users and 60 items, low-rank plus biases, with times; no repeats."""
    rng = np.random.default_rng(7)
    cells = np.sort(rng.choice(80 * 60, 2000, replace=False))
    cells = rng.permutation(cells)
    user, item = cells // 60, cells % 60
    taste = rng.normal(size=(80, 3)) @ rng.normal(size=(60, 3)).T
    taste += rng.normal(size=(80, 1)) * 0.5 + rng.normal(size=(1, 60)) * 0.5
    value = np.clip(np.round(3.4 + 0.7 * taste[user, item] + rng.normal(0, 0.4, 2000)), 1, 5)
    time = 880_000_000 + rng.permutation(2000) * 60
    rows = list(zip(user.tolist(), item.tolist(), value.tolist(), time.tolist(), strict=True))
    return interactions(rows, (80, 60), (1, 5))
