"""JSON Schema of a spec with every registered component, by which editors complete and check."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.prepare import FILTERS
from recsys_cli.registry import Config, Registry
from recsys_cli.spec import ExperimentSpec
from recsys_cli.splitters import SPLITTERS

_REGISTRIES: tuple[Registry[Any], ...] = (LOADERS, FILTERS, SPLITTERS, MODELS)
#: Keys of the top level that name a component.
_NAMED = ("dataset", "split", "model")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a spec file.

    Imports every component. A file that ``extends`` another may leave out what is required
    otherwise: keys of the top level, and the names of components.
    """
    classes = [registry.get(name) for registry in _REGISTRIES for name in registry.names()]
    configs: list[type[Config]] = [ExperimentSpec, *(component.Config for component in classes)]
    refs, generated = models_json_schema(
        [(config, "validation") for config in configs], ref_template="#/$defs/{model}"
    )
    defs: dict[str, Any] = generated["$defs"]
    spec, dataset = defs.pop("ExperimentSpec"), defs.pop("DatasetSpec")
    spec["properties"]["dataset"] = dataset["properties"]["loader"] | {
        "description": spec["properties"]["dataset"]["description"]
    }
    for component in classes:
        _name(component, defs[_key(refs[component.Config, "validation"])])
    for name in LOADERS.names():
        properties = defs[_key(refs[LOADERS.get(name).Config, "validation"])]["properties"]
        properties["prepare"] = dataset["properties"]["prepare"]
    defs |= {registry.noun: _block(registry, refs) for registry in _REGISTRIES}
    whole: dict[str, Any] = _referring(_document(spec, defs))
    return whole


def _document(spec: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    extends = {"type": "string", "description": "A spec file to inherit from."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "recsys spec",
        "description": spec["description"],
        "type": "object",
        "properties": {"extends": extends, **spec["properties"]},
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "else": {
            "required": spec["required"],
            "properties": {key: {"required": ["name"]} for key in _NAMED},
        },
        "$defs": defs,
    }


def _referring(value: Any) -> Any:
    """Return a schema in which each block that names a component refers to its definition."""
    if isinstance(value, list):
        return [_referring(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _referring(item) for key, item in value.items()}
    if isinstance(noun := found.get("component"), str):
        del found["type"], found["component"]
        found["$ref"] = f"#/$defs/{noun}"
    if "component" in value.get("items", ()):
        found["items"]["required"] = ["name"]
    return found


def _block(registry: Registry[Any], refs: dict[Any, Any]) -> dict[str, Any]:
    """Return the schema of a block whose ``name`` decides which parameters it has."""
    return {
        "type": "object",
        "properties": {
            "name": {"enum": registry.names(), "description": f"Which {registry.noun}."}
        },
        "allOf": [
            {
                "if": {"properties": {"name": {"const": name}}, "required": ["name"]},
                "then": refs[registry.get(name).Config, "validation"],
            }
            for name in registry.names()
        ],
    }


def _name(component: Any, definition: dict[str, Any]) -> None:
    """Add the component's name and summary to the definition of its parameters."""
    name = {"name": {"const": component.spec_name()}}
    definition["properties"] = name | definition.get("properties", {})
    definition["description"] = (component.__doc__ or "").strip().partition("\n")[0]


def _key(ref: Any) -> str:
    return str(ref["$ref"]).rpartition("/")[2]
