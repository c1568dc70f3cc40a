"""Everything that is wrong is told at once, with its place and what to write instead."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.specfile.conftest import SAMPLE

Refused = Callable[..., list[str]]


def test_all_problems_at_once_in_the_order_of_the_file(refused: Refused) -> None:
    text = """\
name: Latest
dataset: {name: toy, path: x, rows: 0, prepare: [{name: min-value, vlaue: 3}, {nmae: core}]}
split: {name: leave-last, n: 1.0}
model: {name: als, factrs: 64, epochs: "15", reg: .inf, nu: 1.5, alpha: true}
evaluation:
  metrics: [ndgc@10, recall]
  users: wram
recommend: {users: [196], k:, exclude_seen: no}
zzz: 1
"""
    lines = refused(text)
    assert lines[0].startswith("bad.yaml:1:7: name: must be lower-case letters")
    assert lines[1:4] == [
        "bad.yaml:2:37: dataset.rows: must be above 0, is 0",
        'bad.yaml:2:68: dataset.prepare.0.vlaue: unknown key; did you mean "value"?',
        'bad.yaml:2:80: dataset.prepare.1.nmae: unknown key; did you mean "name"?',
    ]
    assert lines[4:10] == [
        "bad.yaml:3:30: split.n: must be an integer, is 1.0",
        'bad.yaml:4:20: model.factrs: unknown key; did you mean "factors"?',
        'bad.yaml:4:40: model.epochs: must be an integer, is "15"; write it without quotes',
        "bad.yaml:4:51: model.reg: must be finite, is .inf",
        "bad.yaml:4:61: model.nu: must be at most 1, is 1.5",
        "bad.yaml:4:73: model.alpha: must be a number, is true",
    ]
    assert 'did you mean "ndcg@10"?' in lines[10]
    assert lines[11].startswith('bad.yaml:6:22: evaluation.metrics.1: "recall" needs a cutoff')
    assert lines[12:15] == [
        'bad.yaml:7:10: evaluation.users: must be "all" or "warm", is "wram"; did you mean "warm"?',
        'bad.yaml:8:21: recommend.users.0: must be a string, is 196; write it in quotes: "196"',
        "bad.yaml:8:29: recommend.k: must be an integer, is empty",
    ]
    assert lines[15].endswith('exclude_seen: must be true or false, is "no"; write false')
    assert lines[16].startswith("bad.yaml:9:1: zzz: unknown key; known: name, dataset,")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "split: {name: leave-last, n: 1, validation: 1}",
            "split: leave-last",
            '11:8: split: must be a block of keys, is "leave-last"; write {name: leave-last}',
        ),
        (
            "{name: als,",
            "{name: asl,",
            '12:15: model.name: unknown model "asl"; did you mean "als"?',
        ),
        (
            "{name: als,",
            "{name: 5,",
            '12:15: model.name: must be a string, is 5; write it in quotes: "5"',
        ),
        (
            "{user: 0,",
            "{user: 0.5,",
            "8:19: dataset.columns.user: must be a string or an integer, is 0.5",
        ),
        (
            "value: rating",
            "valeu: rating",
            '8:22: dataset.columns.valeu: unknown key; did you mean "value"?',
        ),
        ("scale: [1, 5]", "scale: [1]", "7:10: dataset.scale: has too few entries"),
        ("scale: [1, 5]", "scale: 1", "7:10: dataset.scale: must be a list, is 1; write [1]"),
        ("  path: data/toy.csv\n", "", "4:1: dataset.path: required key is missing"),
        ("name: sample\n", "", "2:1: name: required key is missing"),
        ("name: sample\n", "nmae: sample\n", '2:1: nmae: unknown key; did you mean "name"?'),
        (
            "metrics: [ndcg@10, recall@10]",
            "metrics: []",
            "15:12: evaluation.metrics: must hold at least 1 entry, holds 0",
        ),
        (
            "    - {name: min-value, value: 3}",
            "    - min-value",
            '10:7: dataset.prepare.0: must be a block of keys, is "min-value"; write {name: min-',
        ),
        (
            "  name: toy\n",
            "  loader: {name: toy}\n",
            "4:1: dataset.name: required key is missing; known: ",
        ),
        ("seed: 7", "seed: -1", "3:7: seed: must be at least 0, is -1"),
        (
            "factors: 8",
            "factors: 8, extends: x",
            "12:32: model.extends: only the top level of a spec file can extend",
        ),
        (
            "refit: true",
            "n_refits: true",
            '13:68: train.n_refits: unknown key; did you mean "refit"?',
        ),
    ],
)
def test_one_problem_is_one_line(refused: Refused, old: str, new: str, line: str) -> None:
    assert SAMPLE.count(old) == 1
    lines = refused(SAMPLE.replace(old, new))
    assert len(lines) == 1
    assert lines[0].startswith(f"bad.yaml:{line}")


@pytest.mark.parametrize("word", ["1e3", "1.50", "+7", "-0", "True", ".inf", "1e999"])
def test_an_id_that_lacks_quotes_is_quoted_as_it_was_written(refused: Refused, word: str) -> None:
    says = f'recommend.users.0: must be a string, is {word}; write it in quotes: "{word}"'
    text = SAMPLE.replace('["196"]', f"[{word}]")
    assert refused(text) == [f"bad.yaml:19:21: {says}"]
    assert refused(SAMPLE, f"recommend.users=[{word}]") == [f"--set recommend.users: {says}"]


def test_a_number_too_long_to_show_is_not_quoted_in_part(refused: Refused) -> None:
    (line,) = refused(SAMPLE, f"recommend.users=[1.{'5' * 80}]")
    assert line.endswith(f"is 1.{'5' * 58}…; write it in quotes")


def test_a_misspelt_extends_is_not_reported_as_all_that_it_would_have_brought(
    refused: Refused,
) -> None:
    assert refused("extend: base.yaml\n") == [
        'bad.yaml:1:1: extend: unknown key; did you mean "extends"?'
    ]


def test_many_problems_are_counted_not_all_printed(refused: Refused) -> None:
    lines = refused(SAMPLE + "".join(f"zzz{i}: 1\n" for i in range(50)))
    assert len(lines) == 21
    assert lines[-1] == "and 30 more problems"


def test_thousands_of_problems_take_no_time(refused: Refused) -> None:
    text = SAMPLE + "".join(f"k{number}: 1\n" for number in range(2400))
    begun = time.process_time()
    lines = refused(text)
    assert time.process_time() - begun < 1
    assert lines[0].startswith("bad.yaml:20:1: k0: unknown key") and len(lines) == 21
    assert lines[-1] == "and 2,380 more problems"
