"""Hostile files of published data and of lists: read plainly, or refused where they are wrong."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from recsys_cli.data import Dataset
from recsys_cli.errors import DataError
from recsys_cli.loaders._listed import read_listed
from tests.torture import published
from tests.torture.cases import each, seeds
from tests.torture.mutations import mutate
from tests.torture.plain_reader import Layout, Row, Unreadable, read_plain
from tests.torture.plain_sides import Known, plain_coat, plain_matrix
from tests.torture.published import Files
from tests.torture.test_data import listed


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data home and a cache of the test's own."""
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECSYS_DATA_HOME", str(tmp_path / "home"))
    published.expect_few(monkeypatch.setitem, monkeypatch.setattr)
    logging.getLogger("recsys_cli.loaders").setLevel(logging.ERROR)
    return tmp_path / "home"


def read(files: Files, name: str, layout: Layout) -> tuple[list[Row], list[int]]:
    """Return a plain reading of one file; no good rows and no bad ones if there is none."""
    data = b"".join(files.lines[name])
    try:
        if not layout.header:  # the protocol of neural collaborative filtering has times or not
            widths = Counter(line.count(b"\t") for line in data.splitlines()[:100] if line)
            if name.endswith(".rating") and widths and widths.most_common(1)[0][0] < 3:
                layout = replace(layout, time=None)
        return read_plain(data, layout)
    except Unreadable:
        return [], []


def check(files: Files, dataset: Dataset) -> None:
    """Assert that what was loaded is a plain reading of the files."""
    expected: list[Row] = []
    for name, layout in files.tables.items():
        good, bad = read(files, name, layout)
        assert good and not bad, f"{name}: read in silence, bad lines {bad[:3]}"
        assert not files.counted or len(good) == published.ROWS, f"{name}: {len(good)} rows"
        expected += [row for row in good if not name.endswith(".rating") or (row[2] or 0) > 0]
    layout = next(iter(files.tables.values()))
    assert listed(dataset.interactions, layout) == expected
    for of, columns, known in files.known():
        found = described(dataset, of)
        assert of == "users" or "title" not in columns or known.keys() <= found.keys()
        lacking = {name: column.lacking for name, column in columns.items()}
        for id_, own in found.items():
            due = known.get(id_, lacking)
            due = due | ({"title": due["title"] or id_} if "title" in due else {})
            assert {name: own[name] for name in columns} == due, f"{of} {id_}"
    for fold, name in files.folds.items():
        good, bad = read(files, name, layout)
        assert good and not bad, f"{name}: read in silence, bad lines {bad[:3]}"
        tested = {row[:2] for row in good}
        labels = [1 + (row[:2] in tested) for row in expected]
        assert dataset.folds[fold].tolist() == labels


def described(dataset: Dataset, of: str) -> Known:
    """Return what a dataset says of each item or user, None for a number that is not known."""
    features = dataset.features.items if of == "items" else dataset.features.users
    assert features is not None
    columns: dict[str, Sequence[Any]] = {**features.categorical, **features.multilabel}
    for name, numbers in features.numeric.items():
        columns[name] = [None if math.isnan(number) else number for number in numbers.tolist()]
    if of == "items" and dataset.titles is not None:
        columns["title"] = dataset.titles
    return {
        id_: {name: values[at] for name, values in columns.items()}
        for at, id_ in enumerate(features.ids.ids)
    }


def check_refusal(files: Files, changed: str, home: Path, error: DataError) -> None:
    """Assert that an error is due, and tells the line of a file of interactions."""
    where = str(error.where)
    assert error.exit_code == 5
    named = f"{where}: {error.message}"
    assert Path(changed).name in named or where in ("toy", str(home / "ml-100k/u1.test")), error
    if "cut within" in error.message:
        assert not files.data(changed).endswith((b"\n", b"\r")), error
        return
    if changed not in files.tables and changed not in files.folds.values():
        assert is_malformed(files), f"refused without need: {error}"
        return
    good, bad = read(files, changed, next(iter(files.tables.values())))
    wrong = bad or not good
    if changed in files.tables:
        wrong = wrong or (files.counted and len(good) != published.ROWS)
        wrong = wrong or (changed.endswith("u.data") and len({row[:2] for row in good}) < len(good))
    mixed = "has times" in error.message and changed.endswith(".rating")
    assert wrong or mixed or lacks_pairs(files), f"refused without need: {error}"
    assert not bad or where.endswith(f":{bad[0]}"), f"line {bad[0]}: {error}"


def is_malformed(files: Files) -> bool:
    """Say whether a file that describes items or users cannot be read plainly."""
    try:
        files.known()
    except Unreadable:
        return True
    return False


def lacks_pairs(files: Files) -> bool:
    """Say whether a fold has pairs that the interactions lack."""
    (table, layout), *_ = files.tables.items()
    pairs = {row[:2] for row in read(files, table, layout)[0]}
    return any(
        row[:2] not in pairs
        for name in files.folds.values()
        for row in read(files, name, layout)[0]
    )


@seeds(quick=36, full=400, chunk=12)
def test_a_hostile_file_of_published_data(
    request: pytest.FixtureRequest, seeds: range, home: Path
) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            rng = Random(seed)
            files = published.KINDS[seed % len(published.KINDS)](rng)
            changed = rng.choice([*files.lines, *files.tables])
            separator = files.separators[changed].encode()
            files.lines[changed], done = mutate(files.lines[changed], separator, rng)
            files.write(home)
            try:
                dataset = files.load()
            except DataError as error:
                error.add_note(f"{changed}: {done}")
                check_refusal(files, changed, home, error)
            else:
                check(files, dataset)


@seeds(quick=3, full=60, chunk=3)
def test_a_hostile_matrix(request: pytest.FixtureRequest, seeds: range, home: Path) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            rng = Random(seed)
            files = published.coat(rng)
            changed = rng.choice(list(files.lines))
            lines, _ = mutate(files.lines[changed], files.separators[changed].encode(), rng)
            files.lines[changed] = lines
            files.write(home)
            try:
                dataset = files.load()
            except DataError as error:
                # A map of other length shows in the matrix that it is of.
                stem = changed.split("_map")[0].split(".")[0]
                assert error.exit_code == 5 and stem in str(error.where)
                with pytest.raises(Unreadable):
                    check_coat(files, None)
            else:
                check_coat(files, dataset)


def check_coat(files: Files, dataset: Dataset | None) -> None:
    """Assert that a dataset is a plain reading of Coat, if the files can be read at all."""
    rows: list[Row] = []
    fold = []
    for part, name in enumerate(("train", "test"), 1):
        matrix = plain_matrix(files.data(f"coat/{name}.ascii"), (290, 300), "012345")
        cells = [(u, i, v) for u, row in enumerate(matrix, 1) for i, v in enumerate(row, 1) if v]
        rows += [(str(u), str(i), float(v), None) for u, i, v in cells]
        fold += [part] * len(cells)
    stem = "coat/user_item_features/{}_features".format
    users, items = (
        plain_coat(files.data(stem(of) + ".ascii"), files.data(stem(of) + "_map.txt"), count)
        for of, count in (("user", 290), ("item", 300))
    )
    if {"color", "jackettype", "gender"} - items["1"].keys():
        raise Unreadable("no titles")
    for own in items.values():
        own["title"] = f"{own['color']} {own['jackettype']} ({own['gender']})"
    if dataset is not None:
        assert listed(dataset.interactions, Layout()) == rows
        assert dataset.folds["random-test"].tolist() == fold
        assert described(dataset, "users") == users and described(dataset, "items") == items


@seeds(quick=20, full=200, chunk=20)
def test_a_hostile_list(request: pytest.FixtureRequest, seeds: range, tmp_path: Path) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            rng = Random(seed)
            suffix, separator = rng.choice([(".csv", ","), (".tsv", "\t"), (".negative", "\t")])
            if suffix == ".negative":
                lines = published.text([f"({u},{u})\t3\t17\ta b" for u in range(20)])
            else:
                head = separator.join(["user", "item", "score", "at"])
                lines = published.table(rng, separator, head)
            lines, _ = mutate(lines, separator.encode(), rng)
            path = tmp_path / f"{seed}{suffix}"
            path.write_bytes(b"".join(lines))
            layout = Layout(separator, True, rating="score", time=None)
            try:
                found = read_listed(path, ["score"])
            except DataError as error:
                assert error.exit_code == 5 and str(path) in str(error.where), error
                continue
            if suffix == ".negative":
                assert "\udcff" not in "".join(found.item)
                continue
            assert found.value is not None or found.by is None
            if found.by is None:
                layout = replace(layout, rating=None)
            good, bad = read_plain(path.read_bytes(), layout)
            rows = list(zip(found.user, found.item, strict=True))
            if not bad:  # here an odd id is no id that is known, and a number may be large
                assert rows == [row[:2] for row in good]
