"""JSON Schema of a spec with every registered component, by which editors complete and check."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from recsys_cli.registry import Config, Registry
from recsys_cli.spec import COMPONENTS, ExperimentSpec

#: Definitions that stand for any component; a file names a particular one.
_BASES = ("DatasetSpec", "LoaderConfig", "FilterConfig", "SplitterConfig", "ModelConfig")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a spec file.

    Imports every component. A file that ``extends`` another may leave out what is required
    otherwise: keys of the top level, and the names of components.
    """
    classes = [registry.get(name) for registry in COMPONENTS.values() for name in registry.names()]
    configs: list[type[Config]] = [ExperimentSpec, *(component.Config for component in classes)]
    refs, generated = models_json_schema(
        [(config, "validation") for config in configs], ref_template="#/$defs/{model}"
    )
    defs: dict[str, Any] = generated["$defs"]
    spec = defs.pop("ExperimentSpec")
    prepare = defs["DatasetSpec"]["properties"]["prepare"]
    for base in _BASES:
        del defs[base]
    for component in classes:
        _name(component, defs[_key(refs[component.Config, "validation"])])
    blocks = {path: _block(registry, refs) for path, registry in COMPONENTS.items()}
    prepare["items"] = blocks.pop(("dataset", "prepare")) | {"required": ["name"]}
    for name in COMPONENTS["dataset",].names():
        ref = refs[COMPONENTS["dataset",].get(name).Config, "validation"]
        defs[_key(ref)]["properties"]["prepare"] = prepare
    return _document(spec, {path[0]: block for path, block in blocks.items()}, defs)


def _document(
    spec: dict[str, Any], blocks: dict[str, dict[str, Any]], defs: dict[str, Any]
) -> dict[str, Any]:
    properties = {"extends": {"type": "string", "description": "A spec file to inherit from."}}
    for key, field in spec["properties"].items():
        described = {"description": field.get("description", "")}
        properties[key] = described | blocks[key] if key in blocks else field
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "recsys spec",
        "description": spec["description"],
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "else": {
            "required": spec["required"],
            "properties": {key: {"required": ["name"]} for key in blocks},
        },
        "$defs": defs,
    }


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
