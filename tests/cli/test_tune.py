from __future__ import annotations

from pathlib import Path

import pytest

from recsys_cli.models.als import ALS as ALS_MODEL
from recsys_cli.specfile import load
from tests.cli.conftest import ALS

SEARCH = {"metric": "ndcg@10", "trials": 3, "space": {"model.reg": {"log": [0.01, 10]}}}


@pytest.fixture
def spec(write) -> Path:
    return write("als", search=SEARCH, model={**ALS, "epochs": 2})


def test_the_best_spec_is_written_beside_the_spec(spec, recsys):
    result = recsys("tune", spec, "--trials", "2", "--seed", "7")
    assert result.code == 0
    assert "als-trial-1" in result.out and "model.reg" in result.out
    assert "Next: recsys run als-tuned.yaml" in result.err
    assert "Trial 2 (als-trial-2): ndcg@10 " in result.err
    text = Path("als-tuned.yaml").read_text()
    assert text.startswith("# The best of 2 trials of recsys tune (seed 7) by ndcg@10")
    assert load(Path("als-tuned.yaml")).search is None
    assert recsys("run", "als-tuned.yaml").code == 0
    shown = recsys("show", "als-trial-1").out
    assert "validation" in shown and "Not evaluated yet" not in shown.splitlines()[0]


def test_json(spec, recsys):
    document = recsys("tune", spec, "-o", "best.yaml", "--json").document
    assert (document["metric"], document["seed"], document["spec"]) == ("ndcg@10", 42, "best.yaml")
    assert sorted(trial["number"] for trial in document["trials"]) == [1, 2, 3]
    best = document["trials"][0]
    assert load(Path("best.yaml")).model.reg == best["settings"]["model.reg"]  # type: ignore


def test_nothing_is_overwritten_unless_forced(spec, recsys):
    Path("als-tuned.yaml").write_text("mine")
    result = recsys("tune", spec)
    assert result.code == 2 and result.err.startswith("error: als-tuned.yaml: exists already")
    assert Path("als-tuned.yaml").read_text() == "mine" and not Path("runs").exists()
    assert recsys("tune", spec, "--force", "--trials", "1").code == 0
    assert load(Path("als-tuned.yaml")).name == "als"


def test_the_spec_itself_is_never_overwritten(spec, recsys):
    text = spec.read_text()
    result = recsys("tune", spec, "-o", f"../{Path.cwd().name}/als.yaml", "--force")
    assert result.code == 2 and "als.yaml: is the input\n-o takes another" in result.err
    assert spec.read_text() == text and not Path("runs").exists()


def test_failed_trials_are_counted_apart(write, recsys):
    space = {"model.lr": {"choice": [1e6, 1e-3]}}
    model = {"name": "mf", "epochs": 2, "factors": 2}
    spec = write("mf", model=model, search={"metric": "ndcg@10", "space": space})
    out = recsys("tune", spec).out
    assert "The best 1 of 2 trials, by the validation part; 1 failed" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--set", "search=null"], "search: says nothing to search"),
        (["--set", "search.metric=rmse"], "search.metric: rmse needs predicted ratings"),
        (["--set", "split.validation=0"], "search.metric: needs a validation part"),
        (["-o", "nowhere/best.yaml"], "nowhere/best.yaml: is in no folder that exists"),
        (["-o", ".", "--force"], "error: .: is a folder"),
        (["--trials", "0"], "'--trials': 0 is not in the range"),
    ],
)
def test_what_cannot_be_searched_exits_2(spec, recsys, words, says):
    result = recsys("tune", spec, *words)
    assert result.code == 2 and says in result.err and not Path("runs").exists()


def test_one_trial_is_one(spec, recsys):
    result = recsys("tune", spec, "--trials", "1")
    assert "1 trial, by ndcg@10" in result.err and "The best 1 of 1 trial, by" in result.out
    assert Path("als-tuned.yaml").read_text().startswith("# The best of 1 trial of recsys tune")


def test_interrupted_the_best_so_far_is_on_disk(spec, recsys, monkeypatch):
    train, begun = ALS_MODEL._train, []

    def interrupted(self, *rest):
        begun.append(1)
        if len(begun) == 3:
            raise KeyboardInterrupt
        return train(self, *rest)

    monkeypatch.setattr(ALS_MODEL, "_train", interrupted)
    result = recsys("tune", spec)
    assert result.code == 130
    assert "The best of 2 trials so far is in als-tuned.yaml." in result.err
    assert Path("als-tuned.yaml").read_text().startswith("# The best of 2 trials")
    assert load(Path("als-tuned.yaml")).name == "als"


def test_all_diverged_exits_4_and_writes_nothing(write, recsys):
    spec = write(
        "mf",
        model={"name": "mf", "epochs": 2, "lr": 1e6},
        search={"metric": "ndcg@10", "space": {"model.lr": {"choice": [1e6]}}},
    )
    result = recsys("tune", spec)
    assert result.code == 4 and "every trial failed, the last: mf-trial-1: " in result.err
    assert not Path("mf-tuned.yaml").exists()
