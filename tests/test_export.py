from __future__ import annotations

import csv
import errno
import json

import pyarrow.parquet as pq
import pytest

from recsys_cli import experiment, export
from recsys_cli.errors import OutOfResources, SpecError
from recsys_cli.listener import SILENT, Listener
from recsys_cli.runs import Store
from recsys_cli.serving import Recommender
from recsys_cli.spec import ExperimentSpec


def trained(folder, model) -> Recommender:
    spec = ExperimentSpec.model_validate(
        {
            "name": "x",
            "dataset": {"name": "synthetic", "users": 40, "items": 30, "interactions": 500},
            "split": {"name": "leave-last"},
            "model": model,
        }
    )
    return Recommender(experiment.train(spec, Store(folder), SILENT, argv=[]).fold())


@pytest.fixture(scope="module")
def recommender(tmp_path_factory) -> Recommender:
    return trained(tmp_path_factory.mktemp("runs"), {"name": "bias"})


def rows_of(path):
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return [
            row | {"rank": int(row["rank"]), "score": float(row["score"])}
            for row in csv.DictReader(file)
        ]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
@pytest.mark.parametrize("block", [export._BLOCK, 7])
def test_every_format_holds_what_is_recommended(recommender, tmp_path, monkeypatch, suffix, block):
    monkeypatch.setattr(export, "_BLOCK", block)
    path = tmp_path / f"recs.{suffix}"
    count = export.write(recommender, None, 3, path, SILENT)
    rows = rows_of(path)
    assert count == len(rows) == 120
    wanted = [
        (found.user, rank, one.item, one.title)
        for found in recommender.for_users(recommender.catalog.users.ids, 3)
        for rank, one in enumerate(found.items, 1)
    ]
    assert [(row["user"], row["rank"], row["item"], row["title"]) for row in rows] == wanted
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_ratings_and_their_deviations_where_the_model_tells_them(tmp_path, suffix):
    path, keys = tmp_path / f"recs.{suffix}", ["user", "rank", "item", "title", "score"]
    models = {"als": [], "bias": ["rating"], "bayesian-mf": ["rating", "std"]}
    for name, more in models.items():
        found = trained(tmp_path / name, {"name": name})
        export.write(found, None, 3, path, SILENT)
        rows = rows_of(path)
        assert list(rows[0]) == keys + more
        listed = [one for user in found.for_users(["7", "3"], 3) for one in user.items]
        theirs = [row for user in "73" for row in rows if row["user"] == user]
        for key in more:
            told = [getattr(one, key) for one in listed]
            assert [float(row[key]) for row in theirs] == pytest.approx(told, rel=1e-5)


def test_the_users_asked_for_in_their_order(recommender, tmp_path):
    path = tmp_path / "recs.csv"
    export.write(recommender, ["7", "3", "nobody"], 2, path, SILENT)
    assert [row["user"] for row in rows_of(path)] == ["7", "7", "3", "3", "nobody", "nobody"]


def test_an_interruption_leaves_the_file_as_it_was(recommender, tmp_path):
    class Interrupting(Listener):
        def progress(self, label: str, done: int, total: int | None) -> None:
            raise KeyboardInterrupt

    for suffix in ("parquet", "csv", "jsonl"):
        path = tmp_path / f"recs.{suffix}"
        path.write_text("before")
        with pytest.raises(KeyboardInterrupt):
            export.write(recommender, None, 3, path, Interrupting())
        assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_disk_that_refuses_is_told_with_the_path(recommender, tmp_path):
    class Full(Listener):
        def progress(self, label: str, done: int, total: int | None) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "recs.csv"
    with pytest.raises(OutOfResources, match=r"recs.csv: cannot write: No space left"):
        export.write(recommender, None, 3, path, Full())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["recs", "recs.xlsx", "none/recs.csv"])
def test_another_suffix_or_no_folder_is_refused(recommender, tmp_path, name):
    with pytest.raises(SpecError, match=r"must be a \.parquet, \.csv or \.jsonl file"):
        export.write(recommender, None, 3, tmp_path / name, SILENT)
