"""Models within models: checked, completed, set and inherited like any other block."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from recsys_cli.models.als import ALSConfig
from recsys_cli.models.ensemble import EnsembleConfig
from recsys_cli.models.popular import PopularConfig
from recsys_cli.models.switch import SwitchConfig
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import Parameter, dump, load, loads, parameters

HEAD = "name: x\ndataset: {name: synthetic}\nsplit: {name: random}\n"
NESTED = (
    HEAD
    + """\
model:
  name: switch
  cold: {name: popular}
  warm:
    name: ensemble
    models:
      - {name: als, factors: 8}
      - {name: popular}
"""
)


def model(spec: ExperimentSpec) -> SwitchConfig:
    assert isinstance(spec.model, SwitchConfig)
    return spec.model


def test_every_block_is_the_config_of_its_name() -> None:
    expected = SwitchConfig(
        cold=PopularConfig(),
        warm=EnsembleConfig(models=[ALSConfig(factors=8), PopularConfig()]),
    )
    assert model(loads(NESTED)) == expected


def test_every_default_is_written_out_and_reads_back() -> None:
    spec = loads(NESTED)
    text = dump(spec)
    assert "\n      - name: als\n        factors: 8\n        reg: 0.01\n" in text
    assert loads(text) == spec
    assert ExperimentSpec.model_validate(spec.document()) == spec


def test_every_problem_is_told_at_its_place(refused: Callable[..., list[str]]) -> None:
    *lines, last = refused(
        HEAD
        + """\
model:
  name: ensemble
  models:
    - als
    - {nam: als}
    - {name: alss}
    - {name: als, factors: -1, epoch: 3}
    - {name: switch, cold: {name: popular}, wrm: {name: als}}
    - {factors: 3}
"""
    )
    assert lines == [
        'bad.yaml:7:7: model.models.0: must be a block of keys, is "als"; write {name: als}',
        'bad.yaml:8:8: model.models.1.nam: unknown key; did you mean "name"?',
        'bad.yaml:9:14: model.models.2.name: unknown model "alss"; did you mean "als"?',
        "bad.yaml:10:28: model.models.3.factors: must be above 0, is -1",
        'bad.yaml:10:32: model.models.3.epoch: unknown key; did you mean "epochs"?',
        'bad.yaml:11:45: model.models.4.wrm: unknown key; did you mean "warm"?',
    ]
    assert last.startswith(
        "bad.yaml:12:7: model.models.5.name: required key is missing; known: als, "
    )


def test_settings_reach_into_blocks_and_lists(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(NESTED, encoding="utf-8")
    settings = ["model.warm.models.0.factors=3", "model.warm.models.1={name: als, reg: 1}"]
    warm = model(load(path, [*settings, "model.cold.name=als"])).warm
    assert warm == EnsembleConfig(models=[ALSConfig(factors=3), ALSConfig(reg=1.0)])
    assert model(load(path, ["model.cold.name=als"])).cold == ALSConfig()
    path.with_name("y.yaml").write_text(
        "extends: x.yaml\nmodel: {warm: {name: als}, threshold: 9}\n", encoding="utf-8"
    )
    heir = model(load(path.with_name("y.yaml")))
    assert heir == SwitchConfig(cold=PopularConfig(), warm=ALSConfig(), threshold=9)


def test_a_list_has_no_further_position(refused: Callable[..., list[str]]) -> None:
    assert refused(NESTED, "model.warm.models.2.factors=3") == [
        "--set model.warm.models.2.factors: model.warm.models: must be a list, is a block of keys"
    ]


def test_parameters_name_the_kind_of_block() -> None:
    found = {parameter.name: parameter for parameter in parameters(SwitchConfig)}
    assert found["warm"] == Parameter(
        "warm", "model block", None, "The model of all other users.", "", True
    )
