"""A spec written out reads back as the same spec, with nothing left to defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.prepare import FILTERS
from recsys_cli.spec import (
    DatasetSpec,
    EvaluationSpec,
    ExperimentSpec,
    RecommendSpec,
    RelevantSpec,
    TrainSpec,
)
from recsys_cli.specfile import dump, from_document, loads
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
    )


@settings(max_examples=50)
@given(specs())
def test_round_trip_is_exact(spec: ExperimentSpec) -> None:
    text = dump(spec)
    assert loads(text) == spec
    assert loads(text).fingerprint == spec.fingerprint
    assert from_document(spec.document()) == spec
    assert yaml.safe_load(text) == spec.document()


def test_every_default_is_written_out_as_declared() -> None:
    text = dump(loads(SAMPLE))
    document = yaml.safe_load(text)
    assert list(document) == list(ExperimentSpec.model_fields)
    assert list(document["dataset"])[:3] == ["name", "path", "kind"]
    assert set(document["model"]) == {"name", *MODELS.get("als").Config.model_fields}
    assert document["dataset"]["prepare"][0] == {
        "name": "min-value",
        "value": 3.0,
        "binarise": False,
    }
    assert "metrics: [ndcg@10, recall@10]" in text
    assert "users: ['196']" in text
