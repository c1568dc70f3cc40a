"""docs/protocols.md: every splitter is there, and every line of a spec that it gives is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from recsys_cli.leakage import audit
from recsys_cli.spec import ExperimentSpec
from recsys_cli.splitters import SPLITTERS
from tests.test_leakage import LEAKS, SMALL

PAGE = (Path(__file__).parents[1] / "docs" / "protocols.md").read_text(encoding="utf-8")
LINES = [yaml.safe_load(line)["split"] for line in re.findall(r"`(split: \{.*?\})`", PAGE)]


def test_every_splitter_has_a_line():
    assert {split["name"] for split in LINES} == set(SPLITTERS.names())


@pytest.mark.parametrize("split", LINES, ids=lambda split: split["name"])
def test_every_line_is_sound_and_every_finding_explained(split: dict[str, Any]):
    document = {"name": "x", "dataset": SMALL, "split": split, "model": {"name": "popular"}}
    for finding in audit(ExperimentSpec.model_validate(document), LEAKS):
        assert f"| `{finding.name}` |" in PAGE
