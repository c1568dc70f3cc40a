from __future__ import annotations

import csv
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


@pytest.fixture
def specs(write) -> list[Path]:
    space = {"model.reg": {"choice": [1.0, 500.0]}}
    ease = {"metric": "ndcg@10", "trials": 3, "space": space}
    return [
        write("als", search=SEARCH, model={**ALS, "epochs": 2}),
        write("ease", search=ease, model={"name": "ease"}),
        write("popular", model={"name": "popular"}),
    ]


def test_several_specs_make_a_leaderboard(specs, recsys):
    result = recsys("tune", *specs, "--trials", "2", "--workers", "2")
    assert result.code == 0
    assert "Leaderboard: ndcg@10 on the test part" in result.out
    assert "Holm's correction over all pairs" in result.out and "of 3 hold" in result.out
    assert load(Path("als-tuned.yaml")).search is None and Path("ease-tuned.yaml").exists()
    assert not Path("popular-tuned.yaml").exists()

    again = [*specs, "--trials", "2", "--resume"]
    document = recsys("tune", *again, "--json").document
    places = {place["name"]: place for place in document["places"]}
    assert [len(places[name]["trials"]) for name in ("als", "ease", "popular")] == [2, 2, 0]
    low, high = places["als"]["metrics"]["ndcg@10"]["ci95"]
    assert low < places["als"]["metrics"]["ndcg@10"]["value"] < high
    assert len(document["comparisons"]) == 4

    rows = list(csv.DictReader(recsys("tune", *again, "--format", "csv").out.splitlines()))
    assert [row["rank"] for row in rows] == ["1", "2", "3"]
    by_name = {row["name"]: row for row in rows}
    assert float(by_name["als"]["ndcg@10"]) == places["als"]["metrics"]["ndcg@10"]["value"]
    page = recsys("tune", *again, "--format", "md").out
    assert page.startswith("<!--") and "| model.reg | choice | 1.0, 500.0 |" in page
    assert page.count("\n| ndcg@10 |") == 3
    assert r"\begin{tabular}" in recsys("tune", *again, "--format", "latex").out


def test_the_best_of_several_specs_go_to_a_folder(specs, recsys):
    told = recsys("tune", *specs, "-o", "best", "--trials", "1")
    assert told.code == 2 and "error: best: is no folder, and several specs need one" in told.err
    Path("best").mkdir()
    assert recsys("tune", *specs, "-o", "best", "--trials", "1").code == 0
    assert sorted(path.name for path in Path("best").iterdir()) == [
        "als-tuned.yaml",
        "ease-tuned.yaml",
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--max-time", "5"], 'error: "5" is no duration\nsuch as 90s, 30m or 1.5h'),
        (["--max-time", "0s"], '"0s" is no duration'),
        (["--format", "md"], "--format md is for the leaderboard of several specs"),
        (["--set", "search.method=gird"], 'did you mean "grid"?'),
        (["--set", "search.method=grid"], "a grid is made of choice and int ranges"),
        (["--workers", "0"], "'--workers': 0 is not in the range"),
    ],
)
def test_what_is_wrong_with_a_search_is_told_first(spec, recsys, words, says):
    result = recsys("tune", spec, *words)
    assert result.code == 2 and says in result.err and not Path("runs").exists()


def test_resume_goes_on_and_time_ends_it(spec, recsys):
    assert recsys("tune", spec, "--trials", "1").code == 0
    result = recsys("tune", spec, "--resume", "--max-time", "1h")
    assert result.code == 0 and Path("runs/als-trial-3").exists()
    assert not Path("runs/als-trial-4").exists()
    assert Path("als-tuned.yaml").read_text().startswith("# The best of 3 trials")


def test_resume_overwrites_only_what_the_same_search_wrote(spec, write, recsys):
    assert recsys("tune", spec, "--trials", "1").code == 0
    ours = Path("als-tuned.yaml").read_text()
    other = write("other", search=SEARCH, model={**ALS, "epochs": 2})
    for text, words in [
        ("mine", [spec]),
        (other.read_text(), [spec]),
        (ours.partition(" of recsys tune")[0], [spec]),
        (ours, [other]),
        (ours, [spec, "--seed", "7"]),
        (ours, [spec, "--set", "search.space={model.reg: {log: [0.1, 10]}}"]),
    ]:
        Path("best.yaml").write_text(text)
        found = recsys("tune", *words, "--resume", "-o", "best.yaml")
        assert found.code == 2 and Path("best.yaml").read_text() == text
        assert found.err == (
            "error: best.yaml: exists already, and is not what this search wrote\n"
            "--force overwrites it, or use -o\n"
        )
    assert not Path("runs/als-trial-2").exists()
    Path("best.yaml").write_text(ours)
    assert recsys("tune", spec, "--resume", "-o", "best.yaml", "--trials", "2").code == 0
    assert Path("best.yaml").read_text().startswith("# The best of 2 trials")
    assert recsys("tune", other, "--resume", "--force", "-o", "best.yaml").code == 0
    assert load(Path("best.yaml")).name == "other"


def test_two_specs_never_share_an_output(specs, recsys):
    for name, spec in (("one", specs[0]), ("two", specs[1])):
        Path(name).mkdir()
        spec.rename(f"{name}/spec.yaml")
    Path("best").mkdir()
    result = recsys("tune", "one/spec.yaml", "two/spec.yaml", "-o", "best")
    assert (
        result.code == 2 and "best/spec-tuned.yaml: would be the output of two specs" in result.err
    )


def test_a_leaderboard_among_candidates_shows_the_full_ranking_and_one_over_seeds_the_spread(
    specs, recsys
):
    words = ["tune", *specs, "--trials", "1"]
    words += ["--set", "evaluation.candidates={sampled: 5}", "--set", "seeds=[1, 2]"]
    shown = recsys(*words).out
    assert "ndcg@10 full ranking" in shown and "ndcg@10 corrected" in shown and " ± " in shown
    assert "Warning: relevant items are ranked only among short lists" in shown
    result = recsys(*words, "--resume", "--format", "csv")
    row = next(csv.DictReader(result.out.splitlines()))
    assert float(row["ndcg@10 full"]) < float(row["ndcg@10"]) and float(row["ndcg@10 std"]) >= 0
    place = recsys(*words, "--resume", "--json").document["places"][0]["metrics"]["ndcg@10"]
    assert place["full"]["value"] == float(row["ndcg@10 full"])


def test_what_was_pruned_is_marked(write, recsys):
    rates = [1e-6, 2e-6, 3e-6, *(0.01 + n / 1000 for n in range(7))]
    space = {"model.lr": {"choice": rates}}
    model = {"name": "mf", "epochs": 8, "factors": 2}
    search = {"metric": "ndcg@10", "space": space, "trials": 10, "prune": True}
    spec = write("mf", model=model, search=search)
    found = recsys("tune", spec, "--json").document["trials"]
    pruned = [one["run"] for one in found if one["pruned"]]
    shown = recsys("tune", spec, "--resume").out
    assert f"; {len(pruned)} pruned" in shown and shown.count(" (pruned)") == len(pruned) > 0
    assert "by its search, after epoch 3 of fold 1" in recsys("show", pruned[0]).out
