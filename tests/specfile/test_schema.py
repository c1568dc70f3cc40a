"""The JSON Schema knows every component, and every parameter can be listed."""

from __future__ import annotations

import json
from typing import Any

from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.prepare import FILTERS
from recsys_cli.spec import EvaluationSpec, ExperimentSpec
from recsys_cli.specfile import Parameter, parameters, schema
from recsys_cli.splitters import SPLITTERS
from tests.specfile.toy import ToyConfig


def resolve(root: dict[str, Any], ref: str) -> dict[str, Any]:
    found = root
    for step in ref.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_component_is_chosen_by_its_name() -> None:
    root = json.loads(json.dumps(schema(), allow_nan=False))
    prepare = root["$defs"]["ToyConfig"]["properties"]["prepare"]["items"]
    for registry, value in (
        (LOADERS, root["properties"]["dataset"]),
        (SPLITTERS, root["properties"]["split"]),
        (MODELS, root["properties"]["model"]),
        (MODELS, root["$defs"]["EnsembleConfig"]["properties"]["models"]["items"]),
        (FILTERS, prepare),
    ):
        block = resolve(root, value["$ref"])
        assert block["properties"]["name"]["enum"] == registry.names()
        for name, branch in zip(registry.names(), block["allOf"], strict=True):
            assert branch["if"]["properties"]["name"] == {"const": name}
            config = resolve(root, branch["then"]["$ref"])
            fields = registry.get(name).Config.model_fields
            extra = {"name", "prepare"} if registry is LOADERS else {"name"}
            assert set(config["properties"]) == extra | set(fields)
            assert config["properties"]["name"] == {"const": name}
            assert config["additionalProperties"] is False
            for field in fields:
                entry = config["properties"][field]
                assert entry.get("description") or "$ref" in entry


def test_it_is_whole() -> None:
    root = schema()
    assert root["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(root["properties"]) == {"extends", *ExperimentSpec.model_fields}
    assert root["else"]["required"] == ["name", "dataset", "split", "model"]
    used = references(root)
    assert used == {f"#/$defs/{name}" for name in root["$defs"]}
    assert set(root["else"]["properties"]) == {"dataset", "split", "model"}


def test_parameters_of_a_component() -> None:
    found = {parameter.name: parameter for parameter in parameters(ToyConfig)}
    assert list(found) == [
        "path",
        "kind",
        "scale",
        "rows",
        "noise",
        "columns.user",
        "columns.value",
        "others",
        "others[].user",
        "others[].value",
    ]
    assert found["path"] == Parameter("path", "str", None, "The file.", "", True)
    assert found["kind"] == Parameter("kind", "csv or tsv", "csv", "Which kind of file.", "")
    assert found["scale"].type == "[float, float] or null"
    assert found["scale"].bounds == ""
    assert (found["scale"].default, found["scale"].written) == (None, "null")
    assert found["rows"] == Parameter("rows", "int", 10, "Rows at most.", "> 0")
    assert found["noise"].bounds == "≥ 0, < 1"
    assert found["columns.user"].type == "str or int"
    assert found["columns.user"].default == "user"
    assert found["others"] == Parameter("others", "list of block", [], "Further columns.", "")
    assert [found[name].written for name in ("path", "rows", "others")] == ["required", "10", "[]"]


def test_parameters_of_a_block() -> None:
    found = {parameter.name: parameter for parameter in parameters(EvaluationSpec)}
    assert found["metrics"].default == ["ndcg@10", "recall@10"]
    assert found["metrics"].written == "[ndcg@10, recall@10]"
    assert found["relevant.min_value"].type == "float or null"
