"""``recsys run --dry-run``: it says what a run would do, and leaves no trace."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from recsys_cli.loaders import _cache
from recsys_cli.runs import Store
from recsys_cli.specfile import loads


def contents(*roots: Path) -> dict[Path, bytes | None]:
    """Return every file and folder below, and what it holds."""
    found = [path for root in roots for path in [root, *root.rglob("*")]]
    return {path: path.read_bytes() if path.is_file() else None for path in found}


@pytest.fixture
def csv(tmp_path) -> Path:
    rows = [f"u{n % 40},i{n * 7 % 30},{n % 5 + 1},{n}" for n in range(1200)]
    unique = {row.rsplit(",", 2)[0]: row for row in rows}
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["user,item,rating,time", *unique.values()]) + "\n")
    return path


def test_nothing_is_written_and_all_is_told(recsys, write, csv, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    dataset = {"name": "delimited", "path": str(csv), "timestamp": "time"}
    dataset["prepare"] = [{"name": "min-value", "value": 2}]
    spec = write("mine", dataset=dataset)
    monkeypatch.setattr(_cache, "_QUIET_NS", -1)  # as of files that were written long ago
    before = contents(tmp_path)
    document = recsys("run", spec, "--dry-run", "--json").document
    told = recsys("run", spec, "--dry-run")
    assert told.code == 0 and contents(tmp_path) == before
    assert loads(told.out.partition("\nThe data")[0]) == loads(spec.read_text())
    (one,) = document
    assert recsys("run", spec).code == 0
    run = Store(Path("runs")).find()
    data, record = one["data"], run.record
    assert one["writes"]["folder"] == f"runs/{run.id}"
    assert data["fingerprint"] == record["fingerprints"]["data"]
    assert data["prepare"] == record["prepare"]
    assert {key: data[key] for key in record["dataset"]} == record["dataset"]
    assert loads(json.dumps(one["spec"])).document() == run.spec_document
    fold = data["folds"][0]
    assert fold["train"] + fold["test"] + fold["validation"] == data["interactions"]
    files = {re.sub("-[0-9a-f]{8}", "-…", name): size for name, size in listed(run.path).items()}
    foreseen = one["writes"]["files"]
    assert set(foreseen) == set(files)
    assert all(files[name] <= 1.5 * size + 4096 for name, size in foreseen.items())


def listed(folder: Path) -> dict[str, int]:
    """Return the size of each file, but of those that are only sometimes there."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in found}
    return {name: size for name, size in sizes.items() if name != "log.txt"}


def test_the_parts_of_the_need_add_up_and_grow_with_the_model(recsys, write) -> None:
    def need(*more: str) -> dict:
        found = recsys("run", write("als"), "--dry-run", "--json", *more).document[0]["memory"]
        assert sum(found["parts"].values()) == found["need"]
        return found

    small = need()
    assert need("--memory", "2g")["limit"] <= 2 << 30
    large = need("--set", "model.factors=200000")
    assert large["need"] - small["need"] > 2 * 4 * 200_000 * (60 + 50)


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ({"model": {"name": "als", "factrs": 8}}, 2),
        ({"dataset": {"name": "delimited", "path": "nowhere.csv"}}, 6),
        ({"split": {"name": "random", "test": 0.0001}}, 5),
        ({"evaluation": {"relevant": {"min_value": 99}}}, 5),
        ({"model": {"name": "als", "factors": 10_000_000}}, 7),
    ],
)
def test_it_refuses_what_the_run_would(recsys, write, blocks, code) -> None:
    spec = write("bad", **blocks)
    result = recsys("run", spec, "--memory", "2g", "--dry-run")
    assert result.code == code, result.err
    assert not Path("runs").exists()
    real = recsys("run", spec, "--memory", "2g")
    assert (real.code, real.err.splitlines()[-1]) == (code, result.err.splitlines()[-1])


def test_what_needs_too_much_is_told_with_what_to_lower(recsys, write) -> None:
    result = recsys("run", write("als"), "--memory", "1g", "--set", "model.factors=9999999")
    assert result.code == 7 and "and the limit is 1.0 GiB (--memory)" in result.err
    assert "lower model.factors" in result.err and "--dry-run" in result.err
    assert "model" in result.err.partition("and the limit")[0]


def test_a_full_disk_is_foreseen(recsys, write, monkeypatch) -> None:
    usage = shutil.disk_usage(".")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    result = recsys("run", write("als"), "--dry-run")
    assert result.code == 7 and "free some disk space" in result.err
    assert "model.safetensors" in result.out  # what is too much is told all the same


def test_a_dry_run_downloads_nothing(recsys, write, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("RECSYS_DATA_HOME", str(tmp_path / "none"))
    spec = write("absent", dataset={"name": "movielens", "size": "100k"})
    result = recsys("run", spec, "--dry-run")
    assert result.code == 6 and "a dry run downloads nothing" in result.err
    assert not (tmp_path / "none").exists()


def test_a_folder_that_denies_it_is_foreseen(recsys, write, monkeypatch) -> None:
    monkeypatch.setattr(os, "access", lambda _, mode: not mode & os.W_OK)
    result = recsys("run", write("als"), "--dry-run")
    assert result.code == 7 and "cannot write: Permission denied" in result.err
