"""Hostile files of published data and of lists: read plainly, or refused where they are wrong."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from recsys_cli.data import Dataset
from recsys_cli.errors import DataError
from recsys_cli.loaders._listed import read_listed
from tests.torture import published
from tests.torture.cases import each, seeds
from tests.torture.mutations import mutate
from tests.torture.plain_reader import Layout, Row, Unreadable, read_plain
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


def check(files: Files, changed: str, dataset: Dataset) -> None:
    """Assert that what was loaded is a plain reading of the files."""
    expected: list[Row] = []
    for name, layout in files.tables.items():
        good, bad = read(files, name, layout)
        assert good and not bad, f"{name}: read in silence, bad lines {bad[:3]}"
        assert not files.counted or len(good) == published.ROWS, f"{name}: {len(good)} rows"
        expected += [row for row in good if not name.endswith(".rating") or (row[2] or 0) > 0]
    layout = next(iter(files.tables.values()))
    assert listed(dataset.interactions, layout) == expected
    if files.titles is not None and files.titles[0] == changed:
        titles = published.plain_titles(b"".join(files.lines[changed]), *files.titles[1:])
        assert titles is not None, "titles read in silence"
        known = dict(zip(dataset.interactions.items.ids, dataset.titles or (), strict=True))
        assert {id_: known[id_] for id_ in titles} == {id_: t or id_ for id_, t in titles.items()}


def check_refusal(files: Files, changed: str, home: Path, error: DataError) -> None:
    """Assert that an error is due, and tells the line of a file of interactions."""
    where = str(error.where)
    assert error.exit_code == 5
    named = f"{where}: {error.message}"
    assert Path(changed).name in named or where in ("toy", str(home / "ml-100k/u1.test")), error
    if changed not in files.tables or "cut within" in error.message:
        return
    good, bad = read(files, changed, files.tables[changed])
    wrong = bad or not good or (files.counted and len(good) != published.ROWS)
    twice = len({row[:2] for row in good}) < len(good) or "is not in u.data" in error.message
    mixed = "has times" in error.message
    assert wrong or twice or mixed, f"refused without need: {error}"
    assert not bad or where.endswith(f":{bad[0]}"), f"line {bad[0]}: {error}"


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
                check(files, changed, dataset)


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
                found = files.load().interactions
            except DataError as error:
                # A map of other length shows in the matrix that it is of.
                assert error.exit_code == 5 and changed.split("_map")[0].split(".")[0] in str(
                    error.where
                )
                continue
            plain = [b"".join(files.lines[f"coat/{name}.ascii"]) for name in ("train", "test")]
            values = [
                int(field) for data in plain for field in data.removeprefix(b"\xef\xbb\xbf").split()
            ]
            assert found.value.tolist() == [value for value in values if value]


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
