"""A process that damages copies of runs and asks them: refused, or the same answer.

Usage: ``python -m tests.torture.folder_worker STORE SEED...`` prints ``begin SEED``, then a line of
JSON a case: null, or what went wrong. A process, for what it looks for may kill it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import random
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from recsys_cli.cli._app import run as recsys
from tests.torture.folder_cases import damage

#: Seconds a case may take.
LIMIT = 60
#: Each run's twin is of the same spec with another seed.
RUNS = ("als", "mf", "item-knn", "popular", "content", "folds")
#: Nobody reads it but people.
UNREAD = ("log.txt", ".lock")
METRICS = Path("metrics.json")
REFUSED = (5, 6)
ASKED: tuple[tuple[str, ...], ...] = (
    ("runs", "--json"),
    ("show", "{run}", "--json"),
    ("show", "{run}"),
    ("show", "{run}", "--verify"),
    ("show", "{run}", "--by", "activity", "--json"),
    ("show", "{run}", "--factors", "--json"),
    ("recommend", "{run}", "-u", "3", "-u", "11", "-k", "4", "--json"),
    ("recommend", "{run}", "-u", "nobody", "-k", "4", "--json"),
    ("recommend", "{run}", "--history", "2:4,5:2", "-k", "4", "--json"),
    ("recommend", "{run}", "-u", "4", "--explain", "-k", "2", "--json"),
    ("similar", "{run}", "--item", "3", "-k", "4", "--json"),
    ("compare", "{run}", "other-1", "--any-test-set", "--json"),
    ("compare", "other-1", "{run}", "--any-test-set", "--json"),
    ("show", "{name}", "--json"),
)
Answer = tuple[int, str, str]


def ask(words: tuple[str, ...], run: str) -> Answer:
    """Return exit code, stdout and stderr of a command line, within this process."""
    filled = [word.format(run=run, name=run.rpartition("-")[0]) for word in words]
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        code = recsys(filled)
    return code, out.getvalue(), err.getvalue()


@cache
def intact(store: Path, run: str, words: tuple[str, ...]) -> Answer:
    """Return what an intact run answers."""
    with _copy(store, run):
        return ask(words, run)


@contextlib.contextmanager
def _copy(store: Path, run: str):
    """Be in a folder with copies of a run and the one that it is compared with."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["RECSYS_RUNS"] = "runs"
        for one in (run, "other-1"):
            shutil.copytree(store / one, Path("runs") / one)
        yield Path("runs") / run


def case(store: Path, seed: int) -> str | None:
    """Return what went wrong with one damaged run; None if nothing did."""
    chance = random.Random(seed)
    name = chance.choice(RUNS)
    run = f"{name}-1"
    asked = [ASKED[0], ASKED[3], *chance.sample(ASKED, 3)]
    before = {words: intact(store, run, words) for words in asked}
    with _copy(store, run) as folder, tempfile.TemporaryDirectory() as twin:
        whole = {path.relative_to(folder): path.read_bytes() for path in _files(folder)}
        shutil.copytree(store / f"{name}-2", twin, dirs_exist_ok=True)
        path, how = damage(chance, folder, Path(twin))
        for words in asked:
            after = ask(words, run)
            lost = how != "_exchanged" and path.name in UNREAD and after[:2] != before[words][:2]
            wrong = judge(words, run, path, before[words], after)
            if "--verify" in words and after[0] == 0 and _changed(folder, whole):
                wrong = "not noticed"
            if lost:
                wrong = f"depends on {path.name}"
            if wrong is not None:
                return f"{run}: {path.relative_to(folder)} {how}: {' '.join(words)}: {wrong}"
    return None


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _changed(folder: Path, whole: dict[Path, bytes]) -> bool:
    """Whether a file that a hash vouches for is not what it was; without metrics none is missed."""
    return any(
        (folder / at).read_bytes() != data if (folder / at).is_file() else at != METRICS
        for at, data in whole.items()
        if at.name not in UNREAD
    )


def judge(
    words: tuple[str, ...], run: str, path: Path, before: Answer, after: Answer
) -> str | None:
    """Return what is wrong with an answer after damage to ``path``; None if nothing is."""
    if after[:2] == before[:2]:
        return None
    if words[0] == "runs" and after[0] == 0:
        return _listed(path, json.loads(before[1]), json.loads(after[1]))
    if after[0] in REFUSED and not after[1] and "error: " in after[2]:
        return None if run in after[2] else f"does not name the run: {after[2]}"
    if not path.is_file() and path.name == METRICS.name and after[0] == 0:
        told = '"metrics": null' in after[1] or "Not evaluated yet" in after[2]
        return None if told else "unevaluated in silence"
    pairs = enumerate(zip(before[1], after[1], strict=False))
    at = next((place for place, (one, other) in pairs if one != other), 0)
    return (
        f"{before[0]} {before[1][at:]:.300} became {after[0]} {after[1][at:]:.300} {after[2]:.300}"
    )


def _listed(path: Path, before: list[dict], after: list[dict]) -> str | None:
    """A run that says why it does not answer, or that has no metrics, is told."""
    (was,) = [one for one in before if one not in after] or [None]
    (now,) = [one for one in after if one not in before] or [None]
    if was is None or now is None:
        return None
    if now["note"] and (now["status"] != "complete" or not now["metrics"]):
        return None
    gone = path.name == METRICS.name and not path.is_file()
    return None if gone and now == was | {"metrics": {}} else f"{was} became {now}"


def main() -> None:
    store = Path(sys.argv[1]).resolve()
    faulthandler.enable()
    for seed in map(int, sys.argv[2:]):
        sys.stdout.write(f"begin {seed}\n")
        sys.stdout.flush()
        faulthandler.dump_traceback_later(LIMIT, exit=True)
        wrong = case(store, seed)
        faulthandler.cancel_dump_traceback_later()
        sys.stdout.write(json.dumps(wrong) + "\n")


if __name__ == "__main__":
    main()
