"""A complete spec as YAML that reads back exactly, by our rules and by those of YAML 1.1."""

from __future__ import annotations

import re
from typing import Any

import yaml

from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile._yaml import FLOAT, INTEGER
from recsys_cli.visible import unseen

_NUMBER_STARTS = list("-+.0123456789")


class _Dumper(yaml.SafeDumper):
    """Quotes what either YAML version would not read as a string; lists of scalars in one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    nested = any(isinstance(item, (list, dict)) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=not nested)


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    # Line breaks of Unicode, which PyYAML writes as they stand and reads back as spaces.
    style = '"' if re.search("[\x85\u2028\u2029]", text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(list, _list)
_Dumper.add_representer(str, _text)
for _kind, _pattern in (("int", INTEGER), ("float", FLOAT)):
    _Dumper.add_implicit_resolver(
        f"tag:yaml.org,2002:{_kind}", re.compile(f"(?:{_pattern.pattern})$"), _NUMBER_STARTS
    )


def dump(spec: ExperimentSpec) -> str:
    """Return the spec as YAML, every default written out, keys as declared.

    ``loads(dump(spec)) == spec``, exactly: a string that looks like a number is quoted, and a
    number keeps all its digits.
    """
    return dump_document(spec.document())


def dump_document(document: dict[str, Any]) -> str:
    """Return a plain document as YAML by the same rules."""
    text = _written(document, unicode=True)
    # What would turn the direction of a line, say, is better seen as an escape.
    return _written(document, unicode=False) if unseen(text) - {"\n"} else text


def _written(document: dict[str, Any], *, unicode: bool) -> str:
    text: str = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=unicode,
        default_flow_style=False,
        width=100,
    )
    return text
