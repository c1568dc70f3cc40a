"""The cache of parsed datasets: exact, never stale, never trusted when damaged."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys_cli.data import (
    Dataset,
    DatasetInfo,
    Features,
    IdMap,
    Interactions,
    SideFeatures,
)
from recsys_cli.errors import DataError
from recsys_cli.loaders import _cache
from recsys_cli.loaders._cache import cached
from recsys_cli.loaders._pack import pack, unpack


def dataset(full: bool = True, value: float = 3) -> Dataset:
    users, items = IdMap(["ü", "03"]), IdMap(["a", "b", "c"])
    data = Interactions(
        users,
        items,
        np.array([0, 1], np.int32),
        np.array([2, 0], np.int32),
        np.array([value, 1], np.float32),
        timestamp=np.array([-5, 2**37]) if full else None,
        weight=np.array([1, 2], np.float32) if full else None,
        scale=(0.5, 5.0) if full else None,
    )
    info = DatasetInfo("n", "d", "l", "c", "h", skipped=3)
    if not full:
        return Dataset(data, info)
    features = Features(
        items,
        {"colour": ["red", "", "blue"]},
        {"genre": [("x", "y"), (), ("z",)]},
        {"year": np.array([1, np.nan, 3], np.float32)},
    )
    folds = {"u1": np.array([1, 2], np.int8)}
    return Dataset(data, info, ["A", "B\n", "Ç"], SideFeatures(items=features), folds)


def as_plain(data: Dataset) -> Any:
    x, sides = data.interactions, {}
    for side, found in data.features._asdict().items():
        if found is not None:
            numeric = {name: column.tolist() for name, column in found.numeric.items()}
            sides[side] = (found.ids.ids, found.categorical, found.multilabel, str(numeric))
    arrays = [x.user_idx, x.item_idx, x.value, x.timestamp, x.weight, *data.folds.values()]
    plain = [None if array is None else (array.dtype, array.tolist()) for array in arrays]
    ids = (
        x.users.ids,
        x.items.ids,
        x.n_repeated,
        *(c.tolist() for c in (x.user_counts, x.item_counts)),
    )
    return (ids, x.scale, plain, data.info, data.titles, sides, [*data.folds])


@pytest.mark.parametrize("full", [True, False])
def test_a_packed_dataset_comes_back_exactly(full: bool) -> None:
    data = unpack(bytearray(b"".join(pack(dataset(full)))))
    assert as_plain(data) == as_plain(dataset(full))
    assert data.interactions.value.flags.writeable


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.csv"
    path.write_text("one")
    return path


@pytest.fixture
def load(source: Path) -> Callable[..., tuple[Dataset, int]]:
    """Load through the cache; also say how often the source was parsed."""

    def run(config: Any = None) -> tuple[Dataset, int]:
        parsed = []

        def parse(source_hash: str) -> Dataset:
            parsed.append(source_hash)
            return dataset(value=float(len(source.read_text())))

        return cached(config, [source], parse), len(parsed)

    return run


Load = Callable[..., tuple[Dataset, int]]


def test_the_second_load_parses_nothing(load: Load) -> None:
    first, parsed = load()
    again, parsed_again = load()
    assert (parsed, parsed_again) == (1, 0)
    assert as_plain(first) == as_plain(again)


def test_what_is_done_to_loaded_data_does_not_reach_the_cache(load: Load) -> None:
    load()
    first, _ = load()
    first.interactions.value[:] = 9
    again, parsed = load()
    assert parsed == 0
    assert 9 not in again.interactions.value


def test_an_entry_that_is_removed_costs_nobody_who_has_loaded_it(load: Load, cache: Path) -> None:
    load()
    data, _ = load()
    (entry,) = (cache / "data").iterdir()
    entry.unlink()
    assert as_plain(data) == as_plain(load()[0])


def test_another_source_config_or_parser_is_another_entry(
    load: Load, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load()
    assert load({"size": 1})[1] == 1
    with monkeypatch.context() as patch:
        patch.setattr(_cache, "_code", lambda: "other code")
        assert load()[1] == 1
    source.write_text("three")
    data, parsed = load()
    assert parsed == 1
    assert data.interactions.value[0] == 5


def test_a_change_that_keeps_size_and_time_is_noticed(load: Load, source: Path) -> None:
    quiet = time.time_ns() + 10 * _cache._QUIET_NS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: quiet)
        load()
        assert load()[1] == 0
    stat = source.stat()
    source.write_text("two")
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert source.stat().st_size == stat.st_size
    assert load()[1] == 1


def test_the_hash_of_an_untouched_file_is_remembered(
    load: Load, monkeypatch: pytest.MonkeyPatch, cache: Path, source: Path
) -> None:
    hashed = []
    monkeypatch.setattr(_cache, "_QUIET_NS", -(10**12))
    real = _cache.file_digest
    monkeypatch.setattr(_cache, "file_digest", lambda p: hashed.append(p) or real(p))
    load()
    load()
    assert hashed.count(source) == 1
    for note in (cache / "hashes").iterdir():
        note.write_text("[]")
    assert load()[1] == 0


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_entry_is_made_anew(load: Load, cache: Path, damage: str) -> None:
    good, _ = load()
    (entry,) = (cache / "data").iterdir()
    content = bytearray(entry.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    entry.write_bytes(content if damage == "flip" else content[: len(content) // 3])
    if damage == "empty":
        entry.write_bytes(b"")
    data, parsed = load()
    assert parsed == 1
    assert as_plain(data) == as_plain(good)
    assert load()[1] == 0


def test_a_cache_that_cannot_be_written_costs_time_only(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "file"))
    assert load()[1] == 1
    assert load()[1] == 1


@pytest.mark.parametrize("how", ["read", "refused", "removed"])
def test_a_source_that_changes_while_it_is_parsed_is_refused(
    source: Path, cache: Path, how: str
) -> None:
    def parse(_: str) -> Dataset:
        source.write_text("changed")
        if how == "removed":
            source.unlink()
        if how == "refused":
            raise DataError("is cut", where=str(source))
        return dataset()

    with pytest.raises(DataError, match="changed while it was read") as caught:
        cached(None, [source], parse)
    assert caught.value.where == str(source)
    assert not (cache / "data").exists()


def test_nothing_is_left_beside_the_entries(load: Load, cache: Path) -> None:
    load()
    assert [path.suffix for path in (cache / "data").iterdir()] == [".bin"]
