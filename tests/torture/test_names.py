"""Hostile names and ids: exact round trips or clear errors, and no write where none belongs."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from recsys_cli.runs import Store
from tests.cli.conftest import Result, document, make
from tests.torture import hostile_names
from tests.torture.called import called
from tests.torture.cases import each, seeds

#: Lines and letters of an error, however long the name.
LINES, LETTERS = 3, 3000
_RATINGS = "user,item,rating\n" + "".join(
    f"u{i},i{(i * 3 + j) % 7},{j}\n" for i in range(8) for j in (1, 2, 3)
)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    store = Store(tmp_path_factory.mktemp("names") / "runs")
    make(store, "als")
    make(store, "popular", model={"name": "popular"})
    return store


@pytest.fixture
def here(tmp_path, monkeypatch, store) -> Path:
    """A working folder within another, neither of which anything may write to."""
    folder = tmp_path / "outer" / "work"
    folder.mkdir(parents=True)
    (folder / "canary").write_text("alive")
    (folder / "ratings.csv").write_text(_RATINGS)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RECSYS_RUNS", str(store.root))
    monkeypatch.setenv("RECSYS_DATA_HOME", str(store.root.parent / "data"))
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path.parent / "cache"))
    return folder


def tree(folder: Path) -> dict[str, int]:
    """Return every file and folder below the outer folder, and its size."""
    return {str(path): path.lstat().st_size for path in sorted(folder.parents[1].rglob("*"))}


def run(*words: str) -> Result:
    """Run a command; whatever a name holds, the answer is plain and short."""
    result = called(*words)
    assert result.code in (0, 2, 5, 6), result
    for shown in (result.out, result.err):
        found = hostile_names.DRIVES.search(shown)
        assert found is None, ascii(shown[max(0, found.start() - 50) :][:100])
    if result.code:
        _, error, said = f"\n{result.err}".partition("\nerror: ")
        assert error and result.out == ""
        assert len(said.splitlines()) <= LINES and len(said) <= LETTERS, said
    return result


def of_user(name: str, here: Path) -> None:
    result = run("recommend", "popular", f"--user={name}", "--json", "-k", "2")
    if result.code == 0:
        assert result.document[0]["user"] == name
        assert run("recommend", "als", f"--user={name}").code == 0
        assert run("recommend", "popular", f"--user={name}", "--strict").code in (0, 6)
    else:
        assert not _is_text(name) or not name


def of_users(name: str, here: Path) -> None:
    if not _is_text(name):
        return
    names = list(dict.fromkeys(["u1", *(line for line in _lines(name) if line)]))
    (here / "users.txt").write_text("u1\n" + name + "\n", encoding="utf-8", newline="")
    words = ["recommend", "popular", "--users", "users.txt"]
    assert [one["user"] for one in run(*words, "--json").document] == names
    run(*words)
    for suffix in ("csv", "parquet", "jsonl"):
        assert run(*words, "-o", f"out.{suffix}", "-k", "1").code == 0
        assert [row["user"] for row in hostile_names.rows(here / f"out.{suffix}")] == names
        (here / f"out.{suffix}").unlink()
    (here / "users.txt").unlink()


def of_item(name: str, here: Path) -> None:
    assert run("similar", "als", f"--item={name}").code in (0, 6)
    assert run("recommend", "als", f"--history={name}").code in (0, 2, 6)


def of_run(name: str, here: Path) -> None:
    for words in (["show"], ["recommend", "--user=1"], ["similar", "--item=1"], ["compare", "als"]):
        run(*words, "--", name)
    run("evaluate", "--", name)


def of_output(name: str, here: Path) -> None:
    path = Path(f"{name}.csv")
    result = run("recommend", "popular", "--user=1", "-k", "1", f"--output={path}")
    if result.code == 0:
        assert [row["user"] for row in hostile_names.rows(path)] == ["1"]
        path.unlink()


def of_fold(name: str, here: Path) -> None:
    run("show", "als", f"--fold={name}")
    run("show", "als", f"--by={name}")
    run("show", "als", "--by=activity", f"--metric={name}")
    run("evaluate", "als", f"--metric={name}")
    run("evaluate", "als", f"--convention={name}")


def of_setting(name: str, here: Path) -> None:
    Path("case.yaml").write_text(json.dumps(document("case")))
    for setting in (name, f"{name}=1", f"model.factors={name}", f"name={name}", f"model.{name}=1"):
        run("check", "--no-audit", "case.yaml", "--set", setting)
    run("check", f"./{name}")
    run("list", "models", "--", name)
    Path("case.yaml").unlink()


def of_spec(name: str, here: Path) -> None:
    Path("case.yaml").write_text(json.dumps(document(name, model={"name": "popular"})))
    result = run("train", "case.yaml", "--runs", "runs")
    if result.code == 0:
        (made,) = Store(here / "runs").ids()
        assert made == f"{name}-1" and run("show", name, "--runs", "runs").code == 0
        _clear(here / "runs")
    assert not (here / "runs").exists()
    Path("case.yaml").unlink()


def of_data(name: str, here: Path) -> None:
    dataset = {"name": "delimited", "path": name, "user": name or "x"}
    Path("case.yaml").write_text(json.dumps(document("case", dataset=dataset)))
    assert run("train", "case.yaml", "--runs", "runs").code
    dataset |= {"path": "ratings.csv"}
    Path("case.yaml").write_text(json.dumps(document("case", dataset=dataset)))
    run("check", "case.yaml")
    Path("case.yaml").unlink()


def of_runs(name: str, here: Path) -> None:
    run("runs", f"--runs={name}")
    run("show", f"--runs={name}")


def of_command(name: str, here: Path) -> None:
    assert run(f"x{name}").code == 2
    assert run("list", f"x{name}").code == 2
    assert run("data", "describe", "--", name).code in (2, 6)


def of_removal(name: str, here: Path) -> None:
    with own(here) as mine:
        before, ids = inner(mine.root), set(mine.ids())
        result = run("runs", "rm", "--runs=mine", "--", name)
        assert set(mine.ids()) == (ids - {name} if result.code == 0 else ids)
        assert result.code == 0 or inner(mine.root) == before


def of_tag(name: str, here: Path) -> None:
    with own(here) as mine:
        tagged = run("runs", "tag", "--runs=mine", "--", "als-1", name)
        assert tags(mine) == ([name] if tagged.code == 0 else [])
        untagged = run("runs", "untag", "--runs=mine", "--", "als-1", name)
        assert untagged.code == 0 or tagged.code
        assert not tags(mine)
        for command in ("tag", "untag"):
            assert run("runs", command, "--runs=mine", "--", name, "best").code


def of_collection(name: str, here: Path) -> None:
    with own(here) as mine:
        before = inner(mine.root)
        run("runs", "gc", "--runs=mine", f"--days={name}")
        assert inner(mine.root) == before


def of_past_runs(name: str, here: Path) -> None:
    assert run("train", f"--resume={name}").code
    assert run("reproduce", "--runs=none", "--", name).code
    run("reproduce", "--", name)


def of_baseline(name: str, here: Path) -> None:
    Path("case.yaml").write_text(json.dumps(document("case", model={"name": "popular"})))
    assert run("regress", "case.yaml", f"--baseline={name}").code
    path = Path(f"{name}.json")
    words = ["regress", "case.yaml", f"--baseline={path}", "--runs=mine"]
    if run(*words, "--bless").code == 0:
        assert run(*words).code == 0
        path.unlink()
    shutil.rmtree("mine", ignore_errors=True)
    Path("case.yaml").unlink()


def of_search(name: str, here: Path) -> None:
    search = {"metric": "ndcg@10", "space": {"model.epochs": {"choice": [1]}}}
    Path("case.yaml").write_text(json.dumps(document("case", search=search)))
    words = ["tune", "case.yaml", "--runs=mine", "--trials=1"]
    if run(*words, f"--output={name}.yaml").code == 0:
        assert run("check", "--no-audit", f"./{name}.yaml").code == 0 or Path(name).is_absolute()
        Path(f"{name}.yaml").unlink()
    assert run("tune", f"./{name}").code
    assert run("tune", "none.yaml", f"--max-time={name}").code
    shutil.rmtree("mine", ignore_errors=True)
    Path("case.yaml").unlink()


def of_published(name: str, here: Path) -> None:
    assert run("verify", "--", name).code
    for option in ("seeds", "output", "only"):
        assert run("verify", "none.yaml", f"--{option}={name}").code


def of_whole_run(name: str, here: Path) -> None:
    assert run("run", f"./{name}").code
    blocks = {"model": {"name": "popular"}, "recommend": {"users": [name]}}
    Path("case.yaml").write_text(yaml.safe_dump(document("case", **blocks)))
    result = run("run", "case.yaml", "--runs=mine")
    assert (result.code == 0) == _is_text(name)
    if result.code == 0:
        kept = yaml.safe_load(Path("mine/case-1/spec.yaml").read_text(encoding="utf-8"))
        assert kept["recommend"]["users"] == [name]
    shutil.rmtree("mine", ignore_errors=True)
    Path("case.yaml").unlink()


@contextmanager
def own(here: Path) -> Iterator[Store]:
    """Yield a copy of the runs, ``mine``, which may be changed."""
    mine = here / "mine"
    shutil.copytree(os.environ["RECSYS_RUNS"], mine)
    yield Store(mine)
    shutil.rmtree(mine)


def tags(store: Store) -> list[str]:
    """Return the tags of the first run."""
    return next(list(one.tags) for one in store.runs() if one.id == "als-1")


def inner(folder: Path) -> dict[str, int]:
    """Return every file below a folder, and its size."""
    return {str(p): p.stat().st_size for p in folder.rglob("*") if p.is_file()}


PLACES: list[Callable[[str, Path], None]] = [
    *(of_user, of_users, of_item, of_run, of_output, of_fold),
    *(of_setting, of_spec, of_data, of_runs, of_command, of_removal),
    *(of_tag, of_collection, of_past_runs, of_baseline, of_search, of_published, of_whole_run),
]


@seeds(quick=76, full=900, chunk=76)
def test_a_hostile_name_is_taken_exactly_or_refused(request, seeds, here):
    before = tree(here)
    for seed, guard in each(request, seeds):
        rng = Random(seed)
        place = PLACES[seed % len(PLACES)]
        with guard:
            place(hostile_names.word(rng), here)
            assert tree(here) == before, place


@seeds(quick=4, full=100, chunk=10)
def test_ids_and_titles_of_data_come_back_exactly(request, seeds, here, tmp_path):
    for seed, guard in each(request, seeds):
        rng = Random(seed)
        ids = [*dict.fromkeys(_id(rng) for _ in range(40))]
        users, items = [f"u{id_}" if rng.random() < 0.3 else id_ for id_ in ids[:15]], ids[15:]
        titles = {item: hostile_names.text(rng) or "–" for item in items}
        with guard:
            _write_data(rng, users, items, titles)
            assert run("train", "case.yaml", "--runs", "runs").code == 0
            for form in ("json", "csv", "parquet", "jsonl"):
                for row in _recommended(form, users):
                    assert row["user"] in users and row["title"] == titles[row["item"]], form
            shown = run("recommend", "case", "--runs", "runs", f"--user={users[0]}", "-k", "99")
            assert shown.code == 0
            _clear(here / "runs")


def _id(rng: Random) -> str:
    """Return an id that data can hold: not blank, and without the controls of ASCII."""
    while True:
        id_ = "".join(one for one in hostile_names.text(rng) if one >= " " and one != "\x7f")
        if id_.strip() and len(id_) < 1000:
            return id_


def _write_data(rng: Random, users: list[str], items: list[str], titles: dict[str, str]) -> None:
    """Write interactions, titles and the spec; every user and every item is there."""
    pairs = {(user, rng.choice(items)) for user in users for _ in range(5)}
    pairs |= {(rng.choice(users), item) for item in items}
    for name, header, lines in (
        ("events.csv", ["user", "item"], sorted(pairs)),
        ("titles.csv", ["id", "title"], titles.items()),
    ):
        with Path(name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *lines])
    side = {"path": "titles.csv", "title": "title"}
    dataset = {"name": "delimited", "path": "events.csv", "rating": None, "items": side}
    blocks = {"dataset": dataset, "split": {"name": "random", "test": 0.1}}
    spec = document("case", **blocks, model={"name": "popular"})
    Path("case.yaml").write_text(json.dumps(spec))


def _recommended(form: str, users: list[str]) -> list[dict[str, Any]]:
    """Return what all users, or those named, are recommended, read without recsys."""
    words = ["recommend", "case", "--runs", "runs", "-k", "99"]
    if form == "json":
        result = run(*words, "--json", *(f"--user={user}" for user in users))
        lists = result.document
        assert [one["user"] for one in lists] == users and all(one["items"] for one in lists)
        assert all("unknown" not in (one["note"] or "") for one in lists)
        return [{"user": one["user"], **item} for one in lists for item in one["items"]]
    path = Path(f"out.{form}")
    assert run(*words, "--all", "-o", str(path)).code == 0
    found = hostile_names.rows(path)
    path.unlink()
    assert {row["user"] for row in found} <= set(users)
    return found


def _is_text(name: str) -> bool:
    return name == name.encode("utf-8", "ignore").decode()


def _lines(name: str) -> list[str]:
    return name.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _clear(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
