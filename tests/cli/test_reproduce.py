"""``recsys reproduce``: what it prints and its exit code, whatever comes out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.models.popular import Popular
from recsys_cli.runs import Store
from tests.conftest import forge


@pytest.fixture
def copy(store, tmp_path, monkeypatch) -> Path:
    """A copy of the runs, to be damaged or added to."""
    folder = shutil.copytree(store.root, tmp_path / "copy")
    monkeypatch.setenv("RECSYS_RUNS", str(folder))
    return folder


@pytest.mark.parametrize("threads", [1, 3])
def test_a_run_comes_to_the_same_bits_at_any_number_of_threads(copy, recsys, threads):
    before = Store(copy).ids()
    result = recsys("reproduce", "als", "--threads", threads)
    assert result.code == 0 and "als-1: identical bits (" in result.out
    assert Store(copy).ids() == before


def test_json_names_the_verdict_and_what_has_changed(copy, recsys):
    path = copy / "als-1" / "run.json"
    forge(path, lambda record: record["environment"]["versions"].update(numpy="1.0"))
    found = recsys("reproduce", "als", "--json").document
    assert found["verdict"] == "identical" and found["kept"] is None
    changed = {one["name"]: one for one in found["differences"]}
    assert changed["numpy"]["kind"] == "versions" and changed["numpy"]["then"] == "1.0"


def test_a_run_not_evaluated_says_that_the_model_alone_is_compared(copy, recsys):
    result = recsys("reproduce", "bare")
    assert result.code == 0 and "bare-1 is not evaluated, so the models alone" in result.err


def test_a_difference_beyond_the_tolerance_exits_3_and_is_shown(copy, recsys, monkeypatch):
    arrays = Popular.arrays

    def off(self: Popular) -> dict[str, np.ndarray]:
        found = arrays(self)
        return found | {"item_scores": found["item_scores"] * np.float32(1.25)}

    monkeypatch.setattr(Popular, "arrays", off)
    result = recsys("reproduce", "popular")
    assert result.code == 3
    assert "array item_scores" in result.out and "2.50e-01" in result.out
    assert "popular-1: not reproduced" in result.out
    assert "1 of " in result.err and "differ by more than 1.00%" in result.err
    kept = recsys("reproduce", "popular", "--tolerance", "0.5", "--keep")
    assert kept.code == 0 and "within a tolerance of 50.00%" in kept.out
    assert "kept as popular-2" in kept.out and "popular-2" in Store(copy).ids()


@pytest.mark.parametrize("text", ["nan", "inf", "-1"])
def test_a_tolerance_is_a_number_of_at_least_0(copy, recsys, text):
    result = recsys("reproduce", "als", f"--tolerance={text}")
    assert result.code == 2 and "--tolerance: must be a number of at least 0" in result.err


def test_runs_that_cannot_be_reproduced(copy, recsys):
    (copy / "gone-1").mkdir()
    for name, code, says in (("gone", 6, "interrupted"), ("non", 6, 'there is no run "non"')):
        result = recsys("reproduce", name)
        assert (result.code, result.out) == (code, "") and says in result.err
    model = copy / "als-1" / "model.safetensors"
    model.write_bytes(model.read_bytes()[:-1] + b"\x7f")
    result = recsys("reproduce", "als")
    assert (result.code, result.out) == (5, "") and "the file has changed" in result.err
