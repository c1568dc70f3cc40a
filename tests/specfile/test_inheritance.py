"""``extends`` and ``--set``: what merges, what replaces, and where problems are said to stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from recsys_cli.errors import SpecError
from recsys_cli.specfile import load, loads
from tests.specfile.conftest import SAMPLE


@pytest.fixture
def child(spec_file: Path) -> Callable[[str], Path]:
    """Write a spec that extends the sample."""

    def write(text: str) -> Path:
        path = spec_file.parent / "child.yaml"
        path.write_text("extends: sample.yaml\n" + text, encoding="utf-8")
        return path

    return write


def document(path: Path, *overrides: str) -> dict[str, dict[str, object]]:
    return load(path, overrides).document()


def test_blocks_merge_and_lists_replace(child: Callable[[str], Path]) -> None:
    path = child(
        "name: other\nmodel: {factors: 3}\nevaluation: {metrics: [mrr@5], relevant: {min_value: 5}}"
    )
    found, base = document(path), loads(SAMPLE).document()
    assert found["model"] == base["model"] | {"factors": 3}
    assert found["evaluation"]["metrics"] == ["mrr@5"]
    assert found["evaluation"]["users"] == "warm"
    assert found["dataset"] == base["dataset"]
    assert found["name"] == "other"


def test_a_changed_name_replaces_its_block(child: Callable[[str], Path]) -> None:
    found = document(child("name: other\nmodel: {name: bias, epochs: 3}\n"))
    assert (
        found["model"]
        == loads(
            SAMPLE.replace("{name: als, factors: 8, reg: 1e-2}", "{name: bias, epochs: 3}")
        ).document()["model"]
    )


def test_the_same_name_does_not(child: Callable[[str], Path]) -> None:
    assert document(child("model: {name: als, epochs: 3}\n"))["model"]["factors"] == 8


def test_a_problem_stands_in_the_file_that_wrote_it(
    child: Callable[[str], Path], spec_file: Path
) -> None:
    spec_file.write_text(SAMPLE.replace("factors", "factrs"), encoding="utf-8")
    path = child("model: {epohcs: 3}\n")
    with pytest.raises(SpecError) as caught:
        load(path)
    assert str(caught.value).splitlines() == [
        f'{path}:2:9: model.epohcs: unknown key; did you mean "epochs"?',
        f'{spec_file}:12:20: model.factrs: unknown key; did you mean "factors"?',
    ]


def test_inheritance_ends(tmp_path: Path) -> None:
    for i in range(8):
        (tmp_path / f"{i}.yaml").write_text(f"seed: 1\nextends: {i + 1}.yaml\n", encoding="utf-8")
    (tmp_path / "6.yaml").write_text(SAMPLE, encoding="utf-8")
    assert load(tmp_path / "1.yaml").name == "sample"
    with pytest.raises(SpecError, match="more than 5 files deep") as caught:
        load(tmp_path / "0.yaml")
    assert caught.value.where == f"{tmp_path}/5.yaml:2:10"
    (tmp_path / "3.yaml").write_text("extends: 1.yaml\n", encoding="utf-8")
    with pytest.raises(SpecError, match="leads back to itself") as caught:
        load(tmp_path / "1.yaml")
    assert caught.value.where == f"{tmp_path}/3.yaml:1:10"


def test_links_in_a_circle_are_told_where_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    (tmp_path / "heir.yaml").write_text("extends: a.yaml\n", encoding="utf-8")
    with pytest.raises(SpecError, match="cannot be read") as caught:
        load(tmp_path / "heir.yaml")
    assert caught.value.where == f"{tmp_path}/heir.yaml:1:10"
    (tmp_path / "self.yaml").symlink_to("heir.yaml")
    (tmp_path / "heir.yaml").write_text("extends: self.yaml\n", encoding="utf-8")
    with pytest.raises(SpecError, match="leads back to itself"):
        load(tmp_path / "heir.yaml")


def test_missing_files_are_named_with_the_nearest(spec_file: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(spec_file.with_name("smaple.yaml"))
    assert str(caught.value) == (
        f"{spec_file.with_name('smaple.yaml')}: spec file not found\ndid you mean {spec_file}?"
    )
    with pytest.raises(SpecError, match="spec file not found"):
        load(spec_file.parent / "no" / "such.yaml")
    spec_file.write_text("name: x\nextends: [a]\n", encoding="utf-8")
    with pytest.raises(SpecError, match="must be the path of one spec file"):
        load(spec_file)
    spec_file.write_text("name: x\nextends: base.yaml\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load(spec_file)
    assert caught.value.where == f"{spec_file}:2:10"
    assert "base.yaml not found" in caught.value.message


def test_settings_override_anything(spec_file: Path) -> None:
    found = document(
        spec_file,
        "model.factors=128",
        "model.reg=1e-4",
        "evaluation.metrics=[ndcg@5, hit@5]",
        'recommend.users=["1", "0123"]',
        "train.monitor=",
        "dataset.columns.value=no",
        "seed=1",
        "seed=2",
    )
    assert found["model"]["factors"] == 128
    assert found["model"]["reg"] == 1e-4
    assert found["evaluation"]["metrics"] == ["ndcg@5", "hit@5"]
    assert found["recommend"]["users"] == ["1", "0123"]
    assert found["train"]["monitor"] is None
    assert found["dataset"]["columns"] == {"user": 0, "value": "no"}
    assert found["seed"] == 2


@pytest.mark.parametrize("order", [1, -1])
def test_a_new_model_and_its_parameters_in_any_order(spec_file: Path, order: int) -> None:
    settings = ["model.name=bias", "model.epochs=3"][::order]
    model = document(spec_file, *settings)["model"]
    assert model["name"] == "bias"
    assert model["epochs"] == 3


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.factrs=3", '--set model.factrs: unknown key; did you mean "factors"?'),
        ("modle.factors=3", '--set modle.factors: modle: unknown key; did you mean "model"?'),
        (
            "model.factors=true",
            "--set model.factors: must be an integer, is true",
        ),
        (
            "model={name: als, factrs: 3}",
            '--set model: model.factrs: unknown key; did you mean "factors"?',
        ),
        (
            "dataset.prepare.1.value=4",
            "--set dataset.prepare.1.value: dataset.prepare: must be a list, is a block of keys",
        ),
        (
            "dataset.prepare.0.valeu=4",
            '--set dataset.prepare.0.valeu: unknown key; did you mean "value"?',
        ),
        ("model.name=bqr", '--set model.name: unknown model "bqr"; '),
        ("model.factors=[", "--set model.factors: not valid YAML"),
        ("model.factors", "--set model.factors: must be KEY=VALUE"),
        ("model..x=1", "--set model..x=1: must be KEY=VALUE"),
        ("=1", "--set =1: must be KEY=VALUE"),
        ("extends=x.yaml", "--set extends: only the top level of a spec file"),
        (f"a{'.a' * 63}=1", f"--set a{'.a' * 63}: a: unknown key"),
        (f"a{'.a' * 64}=1", f"--set a{'.a' * 29}.…: a key of more than 64 steps"),
        (f"a{'.a' * 3000}=1", f"--set a{'.a' * 29}.…: a key of more than 64 steps"),
    ],
)
def test_settings_are_checked_like_the_file(
    refused: Callable[..., list[str]], setting: str, message: str
) -> None:
    lines = refused(SAMPLE, setting)
    assert len(lines) == 1
    assert lines[0].startswith(message)


def test_a_missing_parameter_of_a_model_set_by_name_stands_at_the_setting(
    refused: Callable[..., list[str]],
) -> None:
    text = SAMPLE.replace("name: toy", "name: other")
    assert refused(text, "dataset.name=toy") == [
        "--set dataset.name: dataset.path: required key is missing"
    ]
