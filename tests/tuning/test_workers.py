"""Workers, time and going on: the same trials, whoever trains them and whenever."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from typing import Any

import pytest

from recsys_cli.errors import (
    Diverged,
    NotFound,
    OutOfResources,
    RecsysError,
    SpecError,
    SplitMismatch,
)
from recsys_cli.listener import Listener
from recsys_cli.models.als import ALS
from recsys_cli.runs import Store
from recsys_cli.tuning import Budget, Trial, Tuned, tune
from recsys_cli.tuning import _crew as crew_module
from tests.tuning.conftest import RATINGS, of_files, shorten, spec

SPACE = {"model.reg": {"log": [0.01, 10.0]}, "model.factors": {"int": [2, 9]}}
FAILING = {"model.lr": {"choice": [0.01, 1e6]}}
TWO = Budget(workers=2)


def plain(trials: list[Trial]) -> list[dict[str, Any]]:
    """Return trials without what no two searches share."""
    rows = [dataclasses.asdict(one) for one in trials]
    return [{k: v for k, v in row.items() if k not in ("run", "seconds", "error")} for row in rows]


class Notes(Listener):
    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_two_workers_find_what_one_finds(search, tmp_path, method):
    asked = spec(SPACE, search={"method": method, "prune": True, "trials": 14})
    alone, _ = search(asked)
    notes = Notes()
    together = tune(asked, Store(tmp_path / "two"), notes, argv=["recsys"], budget=TWO)
    assert plain(together.trials) == plain(alone.trials)
    assert together.spec == alone.spec and together.trials[0].epochs == alone.trials[0].epochs
    assert sum("1,500 interactions" in note for note in notes.told) == 1  # of the data, once
    store = Store(tmp_path / "two")
    assert len(store.ids()) == 14 and store.find().record["argv"] == ["recsys"]


def test_a_failed_trial_of_a_worker_is_one_and_all_is_its_error(search):
    rated = {**RATINGS, "search": {"metric": "rmse", "trials": 2}}
    found, store = search(spec(FAILING, **rated), budget=TWO)
    assert found.trials[0].settings == {"model.lr": 0.01}
    assert "diverged" in (found.trials[1].error or "") and found.trials[1].run in store.ids()
    space = {"model.lr": {"choice": [1e6, 1e7]}}
    with pytest.raises(Diverged, match="every trial failed, the last: x-trial-") as raised:
        search(spec(space, **RATINGS, search={"metric": "rmse", "trials": 2}), budget=TWO)
    assert raised.value.hint


def test_what_stops_a_worker_stops_the_search_as_it_would_alone(search):
    dataset = {"name": "delimited", "path": "nowhere.csv", "user": "u", "item": "i"}
    told = []
    for budget in (Budget(), TWO):
        with pytest.raises(NotFound) as raised:
            search(spec(SPACE, dataset=dataset), budget=budget)
        told.append(str(raised.value))
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", OutOfResources, "was killed"),
        ("raise SystemExit(3)", RecsysError, "ended with status 3"),
    ],
)
def test_a_worker_that_goes_is_told(search, monkeypatch, code, kind, says):
    monkeypatch.setattr(crew_module, "_COMMAND", [crew_module.sys.executable, "-c", code])
    with pytest.raises(kind, match=says):
        search(spec(SPACE), budget=TWO)


def test_interrupted_workers_leave_no_process_and_interrupted_runs(search, monkeypatch):
    started: list[subprocess.Popen[str]] = []
    popen = subprocess.Popen

    def start(*args: Any, **options: Any) -> subprocess.Popen[str]:
        started.append(popen(*args, **options))
        assert os.getpgid(started[-1].pid) != os.getpgid(0)  # Ctrl-C is for the search alone
        return started[-1]

    monkeypatch.setattr(crew_module.subprocess, "Popen", start)

    def stop(_: Tuned) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(
            spec(SPACE, model={"name": "als", "epochs": 5000}),
            budget=Budget(9, workers=2),
            keep=stop,
        )
    assert len(started) == 2 and all(one.poll() is not None for one in started)


def test_modules_where_the_user_happens_to_be_do_not_stand_in_for_ours(
    search, tmp_path, monkeypatch
):
    (tmp_path / "queue.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert len(search(spec(SPACE), budget=TWO)[0].trials) == 3


def test_an_error_of_a_class_that_only_the_worker_knows_is_told():
    told = {"type": "OfAPlugin", "message": "oh", "where": "here", "hint": None, "run": None}
    assert str(crew_module._error(told)) == "here: oh"


def test_time_for_no_trial_is_told(search):
    with pytest.raises(SpecError, match="--max-time: over before the first trial began"):
        search(spec(SPACE), budget=Budget(seconds=1e-9))


def test_no_trial_begins_when_the_time_is_over(search, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("recsys_cli.tuning._search.time.monotonic", lambda: next(clock))
    kept: list[Tuned] = []
    notes = Notes()
    store = search(spec(SPACE, search={"trials": 1}))[1]
    tune(spec(SPACE), store, notes, argv=[], budget=Budget(seconds=3.5), keep=kept.append)
    assert 0 < len(kept) < 3
    assert notes.told[-1] == f"Out of time after {len(kept)} of 3 trials."


def test_a_search_goes_on_where_it_was_stopped(search, monkeypatch):
    asked = spec(SPACE, search={"method": "tpe", "prune": True, "trials": 14})
    whole, _ = search(asked)
    train, begun = ALS._train, []

    def stopped(self: ALS, *rest: Any) -> Any:
        begun.append(1)
        if len(begun) == 7:
            raise KeyboardInterrupt
        return train(self, *rest)

    def fresh(**options: Any) -> tuple[Tuned, Store]:
        return search(asked.model_copy(update={"name": "y"}), **options)

    monkeypatch.setattr(ALS, "_train", stopped)
    with pytest.raises(KeyboardInterrupt):
        fresh()
    monkeypatch.setattr(ALS, "_train", train)
    resumed, store = fresh(resume=True)
    assert plain(resumed.trials) == plain(whole.trials)
    states = [state.status for state in store.states("y-trial")]
    assert states.count("interrupted") == 1 and states.count("complete") == 14
    again, _ = fresh(resume=True, budget=Budget(9))
    assert len(again.trials) == 9 and len([*store.states("y-trial")]) == 15


def test_a_failed_trial_is_not_tried_again(search):
    asked = spec(FAILING, **RATINGS, search={"metric": "rmse", "trials": 2})
    first, store = search(asked)
    again, _ = search(asked, resume=True)
    assert plain(again.trials) == plain(first.trials)
    assert again.trials[1].error == first.trials[1].error and len(store.ids()) == 2


def test_garbled_trials_and_those_of_other_points_are_trained_again(search, monkeypatch):
    asked = spec(SPACE, search={"method": "tpe", "trials": 9})
    first, store = search(asked)
    for id_, garbled in (("x-trial-2", {"validation": {}}), ("x-trial-3", {"search": 3})):
        path = store.root / id_ / "run.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | garbled))
    again, _ = search(asked, resume=True)
    assert plain(again.trials) == plain(first.trials) and len(store.ids()) == 11
    monkeypatch.setattr("recsys_cli.tuning._tpe.proposals", lambda *_: [])  # another optuna
    other, _ = search(asked, resume=True)
    assert len(store.ids()) == 12
    for one in other.trials:
        model = store.find(one.run).spec_document["model"]
        assert {f"model.{key}": model[key] for key in ("reg", "factors")} == one.settings


def test_only_trials_of_the_same_search_and_data_are_taken_over(search, tmp_path):
    path = tmp_path / "ratings.csv"
    rows = [f"u{n % 20},i{n * 7 % 31},{n}" for n in range(300)]
    path.write_text("\n".join(["user,item,time", *rows]))
    columns = {"user": "user", "item": "item", "timestamp": "time", "rating": None}
    dataset = {"name": "delimited", "path": str(path), **columns}
    asked = spec(SPACE, dataset=dataset, search={"trials": 2})
    _, store = search(asked)
    search(asked, resume=True, seed=7)  # other draws
    assert len(store.ids()) == 4
    path.write_text("\n".join(["user,item,time", *rows[:-5]]))
    with pytest.raises(SplitMismatch, match="not those that the search began with"):
        search(asked, resume=True)
    assert len(store.ids()) == 4


@pytest.mark.parametrize("space", [SPACE, {"dataset.on_error": {"choice": ["refuse", "skip"]}}])
@pytest.mark.parametrize("changed", ["ratings", "items", "candidates"])
def test_trials_of_other_files_are_not_ranked_together(search, tmp_path, space, changed):
    files, blocks = of_files(tmp_path)
    asked = spec(space, search={"trials": 2}, **blocks)
    first, store = search(asked)
    assert plain(search(asked, resume=True)[0].trials) == plain(first.trials)
    shorten(files[changed])
    with pytest.raises(SplitMismatch, match="not those that the search began with"):
        search(asked, resume=True)
    assert len(store.ids()) == 2
