"""Arrays read by parts, and ids found by line: what is read is vouched for, and nothing else."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from recsys_cli.errors import DamagedRun
from recsys_cli.runs import Catalog, Run, Store
from recsys_cli.runs._arrays import save_arrays
from recsys_cli.runs._ids import StoredIds, encode_ids
from recsys_cli.runs._parts import BLOCK
from tests.conftest import forge
from tests.runs.conftest import CONFIG, SPEC, arrays, matrix, train

#: Users enough for some blocks of factors.
MANY = BLOCK // 2


def test_arrays_are_written_as_the_library_writes_them_and_all_may_read_them(tmp_path):
    some = {
        **{f"{kind} é": np.ones(3, kind) for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8")},
        **{kind: np.arange(2).astype(kind) for kind in ("u1", "u2", "u4", "u8", "?")},
        "none": np.zeros((0, 3), np.float32),
        "one": np.asarray(np.float32(3.5)),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    }
    document = {"name": 'é"', "n": [1.5, None]}
    save_arrays(tmp_path / "ours", some, document)
    plain = {name: np.asarray(array, order="C") for name, array in some.items()}
    text = json.dumps(document, sort_keys=True)
    save_file(plain, tmp_path / "theirs", metadata={"document": text})
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    (tmp_path / "plain").touch()
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.fixture
def large(store) -> Run:
    factors = np.arange(4 * MANY, dtype=np.float32).reshape(MANY, 4)
    saved = arrays() | {"user_factors": factors, "user_counts": np.ones(MANY, np.int64)}
    with store.create("als", argv=[], seed=1, spec_document=SPEC) as recorder:
        fold = recorder.fold()
        fold.save_model(CONFIG, saved)
        fold.save_catalog(catalog_of([[0]] * MANY))
    return store.find()


def catalog_of(rows: list[list[int]]) -> Catalog:
    from recsys_cli.data import IdMap

    known = matrix(rows)
    return Catalog(IdMap(map(str, range(len(rows)))), IdMap(map(str, range(7))), None, known)


def older(run: Run) -> Run:
    """Return the run as it was when manifests had no checksums of parts, and ids no lines."""
    path = run.path / "MANIFEST.json"
    document = json.loads(path.read_text())
    for entry in document["files"].values():
        entry.pop("crc32", None)
    path.write_text(json.dumps({"files": document["files"]}))
    return Store(run.path.parent).find()


def garble(run: Run, at: int) -> None:
    path = run.path / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_rows_are_those_of_the_whole_array(large):
    factors = large.fold().stored_model["user_factors"]
    whole = factors.whole()
    assert whole.flags.writeable and whole.flags.aligned and whole.dtype == np.float32
    np.testing.assert_array_equal(whole.ravel(), np.arange(4 * MANY))
    for start, stop in ((0, 1), (MANY - 1, MANY), (16_000, 50_000), (5, 5), (MANY - 1, MANY + 9)):
        np.testing.assert_array_equal(factors.rows(start, stop), whole[start:stop])


def test_damage_is_refused_where_it_is_read_and_found_by_verify(large):
    factors = large.fold().stored_model["user_factors"]
    garble(large, factors.start + factors.size - 1)
    found = Store(large.path.parent).find()
    stored = found.fold().stored_model["user_factors"]
    assert stored.rows(0, 1).tolist() == [[0, 1, 2, 3]]
    for read in (stored.whole, lambda: stored.rows(MANY - 1, MANY), found.fold().model_arrays):
        with pytest.raises(DamagedRun, match=r"model\.safetensors: the file has changed"):
            read()
    with pytest.raises(DamagedRun, match="has changed"):
        found.verify()


def test_of_an_older_run_the_whole_file_is_held_to_its_hash(large):
    found = older(large)
    factors = found.fold().stored_model["user_factors"]
    assert factors.rows(1, 2).tolist() == [[4, 5, 6, 7]]
    assert found.fold().catalog.history(np.array([3], np.int32)).indices.tolist() == [0]
    garble(found, factors.start + factors.size - 1)
    with pytest.raises(DamagedRun, match="has changed"):
        _ = Store(found.path.parent).find().fold().stored_model


@pytest.mark.parametrize("crc32", ["", "0000", "zz" * 4, 7, []])
def test_checksums_that_do_not_fit_the_file_are_damage(store, crc32):
    run = train(store)
    path = run.path / "MANIFEST.json"
    forge(path, lambda document: document["files"]["model.safetensors"].update(crc32=crc32))
    with pytest.raises(DamagedRun, match=r"model\.safetensors"):
        store.find().fold().model_arrays()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)


@given(st.lists(texts, unique=True, min_size=1, max_size=8), texts, st.booleans(), st.booleans())
def test_an_id_is_found_by_its_line_whatever_it_is(tmp_path_factory, ids, other, titled, new):
    path = tmp_path_factory.mktemp("ids") / "users.json"
    titles = [f"{id_}, {other}" for id_ in ids] if titled else None
    document = {"id": ids, "title": titles}
    path.write_bytes(encode_ids(ids, titles) if new else json.dumps(document).encode())
    asked = [*ids, other, "title", "id", ", ", '"', "\udc80"]
    for id_ in asked:
        stored = StoredIds(path, len(ids))
        found = stored.index([id_]).tolist()
        assert found == [ids.index(id_) if id_ in ids else -1]
    assert stored.map.ids == tuple(ids) and stored.titles == titles
