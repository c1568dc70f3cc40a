"""Every key of every shipped spec, misspelt by one letter, is found and put right."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys_cli.errors import SpecError
from recsys_cli.specfile import load
from recsys_cli.specfile._node import Node
from recsys_cli.specfile._read import document
from tests.specfile.conftest import SAMPLE

CONFIGS = Path(__file__).parents[2] / "configs"
SPECS = (path for path in CONFIGS.rglob("*.yaml") if path.name != "published.yaml")
SHIPPED = sorted(str(path.relative_to(CONFIGS)) for path in SPECS)
#: What a file in a folder ``base`` lacks to be a spec.
REST = "extends: {}\nname: rest\nmodel: {{name: popular}}\n"


def keys(
    node: Node, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Node, set[str]]]:
    """Yield the path of each key, its node and the keys beside it."""
    if isinstance(node.value, list):
        for position, item in enumerate(node.value):
            yield from keys(item, (*path, str(position)))
    elif isinstance(node.value, dict):
        for key, item in node.value.items():
            if path[-1:] != ("space",):  # keys of other blocks, which test_search.py misspells
                yield (*path, key), item, set(node.value)
            yield from keys(item, (*path, key))


def misspellings(key: str) -> set[str]:
    """Return the key with one letter dropped, doubled, swapped with the next, and replaced."""
    rng = random.Random(key)
    at = rng.randrange(len(key))
    swap = rng.randrange(max(1, len(key) - 1))
    return {
        key[:at] + key[at + 1 :],
        key[:at] + key[at] + key[at:],
        key[:swap] + key[swap : swap + 2][::-1] + key[swap + 2 :],
        key[:at] + rng.choice("qxz") + key[at + 1 :],
    } - {"", key}


def check_all(path: Path, spec: Path | None = None) -> int:
    """Misspell each key of a file in place, loading the spec that extends it; return how often."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    count = 0
    for trail, node, beside in keys(document(text, str(path))):
        key, place = trail[-1], node.key
        assert place is not None
        for wrong in misspellings(key) - beside:
            line = lines[place.line - 1]
            begin = place.column - 1
            assert line[begin:].startswith(key)
            bad = line[:begin] + wrong + line[begin + len(key) :]
            path.write_text(
                "".join([*lines[: place.line - 1], bad, *lines[place.line :]]), encoding="utf-8"
            )
            with pytest.raises(SpecError) as caught:
                load(spec or path)
            where = ".".join((*trail[:-1], wrong))
            assert str(caught.value) == f'{place}: {where}: unknown key; did you mean "{key}"?'
            count += 1
    return count


def test_sample(spec_file: Path) -> None:
    load(spec_file)
    assert check_all(spec_file) > 3 * SAMPLE.count(":")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped(name: str, tmp_path: Path) -> None:
    copy = tmp_path / "configs"
    shutil.copytree(CONFIGS, copy, ignore=lambda _, names: [n for n in names if n.endswith("json")])
    spec = copy / name
    if spec.parent.name == "base":
        spec = spec.with_name("rest.yaml")
        spec.write_text(REST.format(Path(name).name), encoding="utf-8")
    load(spec)
    assert check_all(copy / name, spec)
