"""A spec written out reads back as the same spec, with nothing left to defaults."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli.errors import SpecError
from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.prepare import FILTERS
from recsys_cli.search import RangeSpec
from recsys_cli.spec import (
    DatasetSpec,
    EvaluationSpec,
    ExperimentSpec,
    RecommendSpec,
    RelevantSpec,
    SearchSpec,
    TrainSpec,
)
from recsys_cli.specfile import dump, from_document, load, loads
from recsys_cli.specfile._problems import validate
from recsys_cli.specfile._read import document
from recsys_cli.splitters import SPLITTERS
from tests.specfile.conftest import SAMPLE
from tests.specfile.toy import ToyColumns

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.sampled_from(
        ["no", "1e5", "0123", "196", "1:30", "~", "", " x", "true", ".inf", "2020-01-01"]
    ),
    st.from_regex(r"[-+.0-9eE_:]{1,8}", fullmatch=True),
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
counts = st.integers(1, 2**63 - 1)
ranges = st.one_of(
    st.builds(
        RangeSpec,
        choice=st.lists(texts | numbers | st.booleans(), min_size=1, unique_by=json.dumps),
    ),
    st.lists(counts, min_size=2, max_size=2)
    .filter(lambda ends: ends[0] < ends[1] <= 2**53)
    .flatmap(lambda ends: st.sampled_from([RangeSpec(int=ends), RangeSpec(log_int=ends)])),
    st.lists(positive, min_size=2, max_size=2)
    .filter(lambda ends: ends[0] < ends[1])
    .flatmap(lambda ends: st.sampled_from([RangeSpec(float=ends), RangeSpec(log=ends)])),
)
searches = st.builds(
    SearchSpec,
    metric=st.just("ndcg@10"),
    space=st.dictionaries(st.sampled_from(["model.x", "train.y.z"]), ranges, min_size=1),
    trials=counts,
    folds=st.none() | counts,
)


@st.composite
def specs(draw: Any) -> ExperimentSpec:
    columns = ToyColumns(user=draw(texts | counts), value=draw(st.none() | texts))
    path = draw(texts.filter(lambda text: str(Path(text)) == text))
    scale = draw(st.none() | st.tuples(numbers, numbers))
    loader = LOADERS.get("toy").Config(path=Path(path), columns=columns, scale=scale)
    steps = [FILTERS.get("min-value").Config(value=x) for x in draw(st.lists(numbers, max_size=2))]
    return ExperimentSpec(
        name="x",
        seed=draw(st.integers(0, 2**63 - 1)),
        dataset=DatasetSpec(loader=loader, prepare=steps),
        split=SPLITTERS.get("leave-last").Config(n=draw(counts)),
        model=MODELS.get("als").Config(reg=draw(positive)),
        train=TrainSpec(min_delta=draw(positive), refit=draw(st.booleans())),
        evaluation=EvaluationSpec(relevant=RelevantSpec(min_value=draw(st.none() | numbers))),
        recommend=RecommendSpec(users=draw(st.lists(texts))),
        search=draw(st.none() | searches),
    )


@settings(max_examples=50)
@given(specs())
def test_round_trip_is_exact(spec: ExperimentSpec) -> None:
    text = dump(spec)
    again = validate(document(text, "spec"), ExperimentSpec)
    assert again == spec
    assert again.fingerprint == spec.fingerprint
    assert from_document(spec.document()) == spec
    assert yaml.safe_load(text) == spec.document()


def test_every_default_is_written_out_as_declared() -> None:
    text = dump(loads(SAMPLE))
    document = yaml.safe_load(text)
    assert [*document, "search"] == list(ExperimentSpec.model_fields)
    assert list(document["dataset"])[:3] == ["name", "path", "kind"]
    assert set(document["model"]) == {"name", *MODELS.get("als").Config.model_fields}
    assert document["dataset"]["prepare"][0] == {
        "name": "min-value",
        "value": 3.0,
        "binarise": False,
    }
    assert "metrics: [ndcg@10, recall@10]" in text
    assert "users: ['196']" in text


@pytest.mark.parametrize("mark", ["\x85", "\u2028", "\u2029"])
def test_rare_line_breaks_survive(mark: str) -> None:
    users = [mark, f"a{mark}b", f" {mark}"]
    spec = loads(SAMPLE)
    changed = spec.model_copy(update={"recommend": RecommendSpec(users=users)})
    assert loads(dump(changed)) == changed


@pytest.mark.parametrize("text", ["\u202e.csv", "\u200b", "\ufeff", "\x9b2J", "\U000e0067"])
def test_what_turns_or_hides_text_is_written_as_an_escape(text: str) -> None:
    users = RecommendSpec(users=[text, "é"])
    spec = loads(SAMPLE).model_copy(update={"recommend": users})
    assert text not in dump(spec) and loads(dump(spec)) == spec


def _listing(users: str) -> str:
    return f"{SAMPLE.partition('recommend:')[0]}recommend: {{users: [{users}]}}\n"


def _most(users: Callable[[int], str], high: int, within: int) -> int:
    """Return how many users are accepted; as many and ``within`` more are not."""
    low = 0
    while high - low > within:
        middle = (low + high) // 2
        try:
            loads(_listing(users(middle)))
            low = middle
        except SpecError:
            high = middle
    return low


@pytest.mark.parametrize(
    ("users", "high", "within", "says"),
    [
        (lambda count: "'1'," * count, 5_000, 1, "values, more than 5,000"),
        (lambda count: f"'{'x ' * count}'", 64_000, 1_000, "bytes, more than 128 KiB"),
        (lambda count: "'" + "\u202e" * count + "'", 24_000, 1_000, "bytes, more than 128 KiB"),
    ],
    ids=["values", "bytes", "escapes"],
)
def test_the_largest_spec_reads_back_and_a_larger_one_is_refused(
    users: Callable[[int], str], high: int, within: int, says: str
) -> None:
    most = _most(users, high, within)
    spec = loads(_listing(users(most)))
    assert loads(dump(spec)) == spec
    with pytest.raises(SpecError, match=says) as caught:
        loads(_listing(users(most + within)))
    assert caught.value.where == "spec" and "--users FILE" in str(caught.value)


def test_what_is_inherited_counts(spec_file: Path) -> None:
    spec_file.write_text(_listing("'1', " * 2_600))
    heir = spec_file.with_name("heir.yaml")
    heir.write_text(f"extends: {spec_file.name}\nseeds: {[*range(2_600)]}\n")
    assert load(spec_file)
    with pytest.raises(SpecError, match="values, more than 5,000") as caught:
        load(heir)
    assert caught.value.where == str(heir)


def test_blocks_by_default_count_as_depth() -> None:
    chain = SAMPLE.replace("{name: als, factors: 8, reg: 1e-2}", "@")
    for _ in range(31):
        chain = chain.replace("@", "{name: ensemble, models: [@, {name: als}]}")
    with pytest.raises(SpecError, match="deep"):
        loads(chain.replace("@", "{name: als}"))
