from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli.data import IdMap
from recsys_cli.errors import DamagedRun
from recsys_cli.runs import Catalog
from recsys_cli.runs._arrays import StoredArrays, save_arrays
from recsys_cli.runs._catalog import nearest
from recsys_cli.runs._history import StoredRows
from recsys_cli.runs._manifest import Manifest
from recsys_cli.runs._parts import CheckedFile
from tests.runs.conftest import N_ITEMS, catalog, matrix, train

rows = st.lists(
    st.lists(st.integers(0, N_ITEMS - 1), unique=True).map(sorted), min_size=100, max_size=100
)


def save(folder, known, validation=None) -> None:
    users = IdMap(str(i) for i in range(known.n_rows))
    items = IdMap(f"i{i}" for i in range(N_ITEMS))
    Catalog(users, items, None, known, validation).save(folder)


def stored(path) -> StoredArrays:
    """Return the arrays of a file that needs no manifest."""
    return StoredArrays(CheckedFile(path, path.stat().st_size, None))


def test_a_file_that_shrank_after_its_size_was_taken_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(bytes(10))
    with pytest.raises(DamagedRun, match="changed"):
        CheckedFile(tmp_path / "file", 20, None).read(0, bytearray(20))


def test_ids_and_titles_come_back(store):
    saved, found = catalog(), train(store).fold().catalog
    assert found.users == saved.users and found.items == saved.items
    assert found.titles == saved.titles
    assert (found.n_users, found.n_items) == (5, N_ITEMS)


def test_history_and_seen_of_users_in_any_order(store):
    found = train(store).fold().catalog
    history = found.history(np.array([3, 2, 0], np.int32))
    assert history.indptr.tolist() == [0, 3, 3, 5]
    assert history.indices.tolist() == [1, 4, 6, 0, 3]
    assert history.data.tolist() == [2, 5, 7, 1, 4]
    seen = found.seen(np.array([3, 2, 0], np.int32))
    assert seen.indptr.tolist() == [0, 5, 5, 8]
    assert seen.indices.tolist() == [0, 1, 4, 5, 6, 0, 1, 3]
    assert seen.data.tolist() == [0, 2, 5, 0, 7, 1, 0, 4]


def test_an_index_that_is_no_user_is_refused(store):
    found = train(store).fold().catalog
    for wrong in (-1, 5):
        with pytest.raises(IndexError):
            found.history(np.array([wrong], np.int32))


@settings(max_examples=30, deadline=None)
@given(rows, rows, st.lists(st.integers(0, 99), max_size=150))
def test_slices_equal_the_whole(tmp_path_factory, known, validation, users):
    folder = tmp_path_factory.mktemp("catalog")
    save(folder, matrix(known), matrix(validation))
    part = StoredRows(stored(folder / "history.safetensors"), "").take(np.array(users, np.int32))
    expected = matrix(known).rows(np.array(users, np.int64))
    for got, want in zip(part, expected, strict=True):
        np.testing.assert_array_equal(got, want)


def test_empty_history(tmp_path):
    save(tmp_path, matrix([[], []]))
    for users in ([], [0], [0, 1] * 50):
        rows = StoredRows(stored(tmp_path / "history.safetensors"), "")
        taken = rows.take(np.array(users, np.int32))
        assert taken.n_rows == len(users) and len(taken.indices) == 0


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("item_idx", lambda a: np.full_like(a, N_ITEMS)),
        ("item_idx", lambda a: np.full_like(a, -1)),
        ("item_idx", lambda a: np.sort(a)[::-1]),
        ("item_idx", lambda a: a.astype(np.int64)),
        ("item_idx", lambda a: a[:-1]),
        ("value", lambda a: np.full_like(a, np.nan)),
        ("value", lambda a: a.reshape(1, -1)),
        ("indptr", lambda a: a[::-1]),
        ("indptr", lambda a: a + 1),
        ("indptr", lambda a: a - 1),
        ("indptr", lambda a: a[:0]),
        ("indptr", lambda a: a.astype(np.int32)),
    ],
)
def test_arrays_that_could_crash_native_code_are_refused(store, name, change, few):
    run = train(store).path
    path = run / "catalog" / "history.safetensors"
    arrays = {key: array.whole() for key, array in stored(path).items()}
    save_arrays(path, arrays | {name: change(arrays[name])}, {"n_items": N_ITEMS})
    Manifest.write(run)
    found = store.find().fold().catalog
    with pytest.raises(DamagedRun, match=r"history\.safetensors"):
        found.history(np.array([0, 1, 2, 3, 4] * (1 if few else 20), np.int32))


def test_nearest_ids(store):
    found = train(store).fold().catalog
    assert found.nearest_items("i33")[0] == "i3"
    assert "3" in found.nearest_users("33")
    many = [str(i) for i in range(200_000)]
    assert "196000" in nearest("196000x", many)
    assert nearest("zzz", ["1", "2"]) == []


def test_a_model_of_another_size_than_the_catalogue_is_refused(store, monkeypatch):
    run = train(store)
    monkeypatch.setattr(StoredRows, "n_users", 6)
    with pytest.raises(DamagedRun, match="user_counts does not fit"):
        run.fold().model_arrays()
