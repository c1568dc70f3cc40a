"""The search block: every key and every end of a range must fit the spec."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from recsys_cli.errors import SpecError
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import dump, loads, varied
from tests.specfile.conftest import SAMPLE

Refused = Callable[..., list[str]]
SEARCH = """\
search:
  metric: ndcg@10
  space:
"""


def test_each_key_and_end_that_does_not_fit_is_told_at_its_place(refused: Refused) -> None:
    space = """\
    model.factrs: {choice: [8, 16]}
    model.reg: {log: [1e-3, 1]}
    model.epochs: {int: [-5, 5]}
    model.nu: {float: [0, 1.5]}
    model.cg_steps: {choice: [1, 2, x]}
    model.solver.name: {choice: [x]}
    train.moniter: {choice: [null]}
    dataset.noise: {float: [0, 0.9]}
"""
    line = SAMPLE.count("\n") + 4
    assert refused(SAMPLE + SEARCH + space) == [
        f'bad.yaml:{line}:5: model.factrs: unknown key; did you mean "factors"?',
        f"bad.yaml:{line + 2}:26: model.epochs: must be above 0, is -5",
        f"bad.yaml:{line + 3}:27: model.nu: must be at most 1, is 1.5",
        f'bad.yaml:{line + 4}:37: model.cg_steps: must be an integer, is "x"',
        f"bad.yaml:{line + 5}:5: model.solver: unknown key; known: factors, reg, nu, alpha, "
        "alpha0, confidence, eps, propensity_power, epochs, cg_steps, name",
        f'bad.yaml:{line + 6}:5: train.moniter: unknown key; did you mean "monitor"?',
    ]


def test_thousands_of_choices_take_no_time_whatever_stands_beside_them(refused: Refused) -> None:
    choices = f"{{choice: {[*range(1, 951)]}}}"
    space = f"    model.factors: {choices}\n    model.epochs: {choices}\n"
    metrics = ", ".join(f"ndcg@{k}" for k in range(1, 1001))
    text = SAMPLE.replace("[ndcg@10, recall@10]", f"[{metrics}]") + SEARCH
    begun = time.process_time()
    assert loads(text + space).search is not None
    lines = refused(text + space.replace("1, 2,", "1, x, y,"))
    assert time.process_time() - begun < 2
    assert len(lines) == 2
    assert all(line.endswith('must be an integer, is "x"') for line in lines)


def test_many_wrong_keys_are_counted_not_all_printed(refused: Refused) -> None:
    space = "".join(f"    model.k{at}: {{log: [1, 2]}}\n" for at in range(700))
    lines = refused(SAMPLE + SEARCH + space)
    assert lines[0].startswith("bad.yaml:23:5: model.k0: unknown key; known: factors,")
    assert (len(lines), lines[-1]) == (21, "and 680 more problems")


def test_more_values_than_can_be_tried_are_refused_complete_or_not(refused: Refused) -> None:
    models = ", ".join("{name: als}" for _ in range(16))
    text = SAMPLE.replace(
        "{name: als, factors: 8, reg: 1e-2}", f"{{name: ensemble, models: [{models}]}}"
    )
    text = text.replace(
        "{monitor: ndcg@10, every: 2, patience: 3, min_delta: 0.001, refit: true}", "{}"
    )
    key, line = "model.models.3.factors", text.count("\n") + 4
    assert refused(f"{text}{SEARCH}    {key}: {{choice: {[*range(1, 1001)]}}}\n")[0].startswith(
        f"bad.yaml:{line}:5: {key}: lists more values than can be tried in a second"
    )
    spec = loads(f"{text}{SEARCH}    {key}: {{choice: {[*range(1, 101)]}}}\n")
    assert loads(dump(spec)) == spec


def test_no_rule_of_a_spec_spans_two_of_its_blocks() -> None:
    # Which is why a searched value is tried in its own block alone.
    assert not ExperimentSpec.__pydantic_decorators__.model_validators
    assert not ExperimentSpec.__pydantic_decorators__.root_validators


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("modle.reg: {log: [1, 2]}", "must be a key within dataset, model or train"),
        ("seed: {int: [1, 2]}", "must be a key within dataset, model or train"),
        (f"? model{'.a' * 64}\n    : {{int: [1, 2]}}", "must be a key within dataset, model"),
        (f"? model{'.a' * 63}\n    : {{int: [1, 2]}}", "model.a: unknown key; known: factors,"),
        ("model.reg: {lgo: [1, 2]}", 'lgo: unknown key; did you mean "log"?'),
        ("model.reg: {log: [0, 2]}", "log.0: must be above 0, is 0"),
        ("model.reg: {log: [2, 1]}", "the first end must be below the second"),
        ("model.reg: {float: [1, 1]}", "the first end must be below the second"),
        ("model.reg: {log: [1]}", "must hold at least 2 entries, holds 1"),
        ("model.reg: {log: [1, .inf]}", "must be finite"),
        ("model.reg: {choice: []}", "must hold at least 1 entry"),
        (
            f"model.factors: {{choice: {[*range(1, 1002)]}}}",
            "must hold at most 1,000 entries, holds 1,001",
        ),
        ("model.reg: {choice: 3}", "must be a list, is 3; write [3]"),
        ("model.reg: {}", "must be one of choice, int, float, log and log_int"),
        ("model.reg: {log: [1, 2], choice: [1]}", "must be one of choice, int, float, log"),
        ("model.reg: 3", "must be a block of keys, is 3"),
        ("model.epochs: {int: [1, 2.5]}", "int.1: must be an integer, is 2.5"),
        ("model.epochs: {log_int: [0, 5]}", "log_int.0: must be at least 1, is 0"),
        ("model.epochs: {int: [1, 9007199254740993]}", "must be at most 9007199254740992"),
    ],
)
def test_a_wrong_range_is_told(refused: Refused, entry: str, says: str) -> None:
    (line,) = refused(f"{SAMPLE}{SEARCH}    {entry}\n")
    assert says in line


def test_what_else_is_wrong(refused: Refused) -> None:
    text = SAMPLE + "search: {metric: ndgc@10, space: {}, trials: 0, fold: 1}\n"
    lines = refused(text)
    assert 'did you mean "ndcg@10"?' in lines[0]
    assert "must hold at least 1" in lines[1]
    assert "search.trials: must be above 0, is 0" in lines[2]
    assert 'search.fold: unknown key; did you mean "folds"?' in lines[3]


def test_the_block_changes_no_fingerprint() -> None:
    searched = loads(SAMPLE + SEARCH + "    model.reg: {log: [1, 2]}\n")
    assert searched != loads(SAMPLE)
    assert searched.fingerprint == loads(SAMPLE).fingerprint


def test_values_are_laid_over_a_spec_and_checked_together() -> None:
    spec = loads(SAMPLE)
    made = varied(spec, {"model.factors": 3, "train.patience": 9, "dataset.prepare": []}, "here")
    assert (made.model.factors, made.train.patience, made.dataset.prepare) == (3, 9, [])  # type: ignore[attr-defined]
    assert made.model.reg == spec.model.reg  # type: ignore[attr-defined]
    other = varied(spec, {"model.lr": 0.25, "model.name": "bpr"}, "here")
    assert other.model == loads(SAMPLE.replace("als, factors: 8, reg: 1e-2", "bpr, lr: 0.25")).model
    with pytest.raises(SpecError, match=r"here: model.factors: must be above 0, is 0"):
        varied(spec, {"model.factors": 0}, "here")
