"""Hostile specs: whatever is written, exit 0 or 2, at once, with the place and the right word."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from random import Random

import pytest

from recsys_cli.specfile import schema
from tests.cli.conftest import HOUSE, Result
from tests.torture import spec_tricks, spec_typos, spec_values
from tests.torture.by_hand_specs import SPECS
from tests.torture.called import called
from tests.torture.cases import FULL, count, each, seeds
from tests.torture.spec_words import Word, command_words, plain, spec_words, written

#: Share of the typos that count whose first suggestion must be right.
RIGHT = 0.97
#: Typos of the full form: more than there are words.
TYPOS = 2500
#: Processor time and memory of a check, however large or odd the spec.
SECONDS, MEBIBYTES = 1.0, 200
_PROBLEM = re.compile(r"(?:error: )?case\.yaml(?::(?P<line>\d+):(?P<column>\d+))?: .+", re.DOTALL)


@pytest.fixture
def check(tmp_path, monkeypatch):
    """Check a spec; whatever it holds, the answer is 0 or 2, in time, and plain."""
    monkeypatch.chdir(tmp_path)

    def call(data: bytes) -> Result:
        Path("case.yaml").write_bytes(data)
        begun = time.process_time()
        result: Result = called("check", "--no-audit", "case.yaml")
        assert time.process_time() - begun < SECONDS
        assert result.code in (0, 2), result
        assert result.out == ""
        if result.code == 0:
            assert result.err == "case.yaml: sound\n"
        else:
            problem = _PROBLEM.match(result.err)
            assert problem, result.err
            last = len(re.findall(rb"\r\n?|\n|\xc2\x85|\xe2\x80[\xa8\xa9]", data)) + 1
            assert int(problem["line"] or 1) <= last, result.err
        assert (
            re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", result.err)
            is None
        )
        return result

    return call


def told_at(result: Result, line: int, column: int) -> str:
    """Return what is said of a place; nothing if the place is not named."""
    head = f"case.yaml:{line}:{column}: "
    lines = (one.removeprefix("error: ") for one in result.err.splitlines())
    return next((one.removeprefix(head) for one in lines if one.startswith(head)), "")


@cache
def every_word() -> list[Word]:
    """Return all words, shuffled: the first of them are from everywhere."""
    words = [*spec_words(), *command_words()]
    Random(0).shuffle(words)
    return words


def a_word(seed: int, rng: Random) -> tuple[Word, str]:
    """Return a word and a typo of it that counts.

    The first seeds go through every word; of all others nine in ten stand in a spec. In place of a
    word that has no typo there is another.
    """
    if seed < len(every_word()):
        word = every_word()[seed]
        if (found := spec_typos.typo(word, rng)) is not None:
            return word, found
    words = spec_words() if rng.random() < 0.9 else command_words()
    while True:
        word = rng.choice(words)
        if (found := spec_typos.typo(word, rng)) is not None:
            return word, found


def test_the_full_form_misspells_every_word_that_has_a_typo():
    words = every_word()
    assert len(words) < TYPOS
    drawn = [a_word(seed, Random(seed))[0] for seed in range(len(words))]
    missed = [one for one, word in zip(words, drawn, strict=True) if one is not word]
    assert not any(
        spec_typos.counts(found, one) for one in missed for found in spec_typos.one_off(one.text)
    )


@seeds(quick=150, full=TYPOS, chunk=TYPOS)
def test_a_typo_is_told_with_its_place_and_the_word_that_is_meant(request, seeds, check):
    wrong = []
    for seed, guard in each(request, seeds):
        rng = Random(seed)
        word, found = a_word(seed, rng)
        with guard:
            if word.argv is not None:
                result = called(*spec_typos.argv(word, found))
                assert result.code == 2 and result.out == ""
                said, quote = result.err.splitlines()[0], "'"
            else:
                text, line, column = written(word.document, plain(found + word.tail))
                result = check(spec_tricks.dressed(text, rng))
                said, quote = told_at(result, line, column), '"'
                assert result.code == 2 and said, (line, column, result.err)
        guess = re.search(f"[Dd]id you mean {quote}(.*?){quote}", said)
        if guess is None or guess[1] != word.text + word.tail:
            wrong.append(f"{seed}: {found} for {word.text}: {said}")
    allowed = (1 - RIGHT) * len(seeds)
    assert len(wrong) <= allowed, "\n".join(wrong)
    request.node.user_properties.append(("wrong suggestions", len(wrong)))


@seeds(quick=70, full=1000, chunk=1000)
def test_a_value_of_the_wrong_type_or_beyond_a_bound_is_told_with_its_place(request, seeds, check):
    whole = schema()
    for seed, guard in each(request, seeds):
        rng = Random(seed)
        word = rng.choice(spec_values.keys())
        assert word.schema is not None
        token, value = spec_values.draw(word.schema, rng)
        text, line, column = written(spec_values.of(word.document, word.text), token)
        with guard:
            result = check(spec_tricks.dressed(text, rng))
            if not spec_values.fits(value, word.schema, whole["$defs"]):
                named = rf"case\.yaml:{line}:(\d+): "
                assert result.code == 2 and re.search(named, result.err), result.err
                if not isinstance(value, (list, dict)) and value is not None:
                    assert told_at(result, line, column), (column, result.err)


@seeds(quick=90, full=1500, chunk=1500)
def test_tricks_of_yaml_are_read_or_told_with_their_place(request, seeds, check):
    for seed, guard in each(request, seeds):
        trick = spec_tricks.draw(Random(seed))
        with guard:
            result = check(trick.data)
            if trick.sound is not None:
                assert result.code == (0 if trick.sound else 2), result.err
            if trick.place is not None:
                line, column = trick.place
                assert trick.says in told_at(result, line, column), (line, column, result.err)


@pytest.mark.parametrize("how", ["warm", *(["cold"] if FULL else [])])
def test_those_by_hand_take_a_second_and_200_mib_at_most(request, how, tmp_path, monkeypatch):
    """Cold is with the start of the process and the imports; warm is without."""
    monkeypatch.chdir(tmp_path)
    files = [tmp_path / f"{number}" / "case.yaml" for number in range(len(SPECS))]
    for file, hand in zip(files, SPECS.values(), strict=True):
        file.parent.mkdir()
        file.write_bytes(hand.data)
    command = [sys.executable, "-m", "tests.torture.spec_worker", how, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HOUSE, check=True)
    for hand, file, line in zip(SPECS.values(), files, done.stdout.splitlines(), strict=True):
        found = json.loads(line)
        assert found["code"] == (0 if hand.place is None else 2), (hand.name, found)
        assert found["seconds"] < SECONDS and found["mib"] < MEBIBYTES, (hand.name, found)
        said = found["said"].replace(f"{file}:", "")
        assert hand.says in said.partition("\n")[0], (hand.name, said)
        assert said.removeprefix("error: ").startswith(hand.place or ""), (hand.name, said)
        request.node.user_properties.append((hand.name, (found["seconds"], found["mib"])))
    count(request, len(SPECS))
