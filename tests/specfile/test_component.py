"""One component outside any spec, and what reading a spec costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from recsys_cli.errors import NotFound, SpecError
from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.specfile import component
from tests.specfile.conftest import SAMPLE


def test_settings_make_its_parameters() -> None:
    config = component(LOADERS, "toy", ["path=x.csv", "columns.user=id"])
    assert config == LOADERS.get("toy").Config.model_validate_json(
        '{"path": "x.csv", "columns": {"user": "id"}}'
    )


def test_wrong_settings_are_refused_together() -> None:
    with pytest.raises(SpecError) as caught:
        component(LOADERS, "toy", ["rows=0", "colunms.user=id"])
    assert str(caught.value).splitlines() == [
        '--set colunms.user: colunms: unknown key; did you mean "columns"?',
        "--set rows: must be above 0, is 0",
        "toy: path: required key is missing",
    ]
    with pytest.raises(NotFound, match='did you mean "als"'):
        component(MODELS, "alss")


def test_reading_a_spec_imports_what_it_names_alone() -> None:
    text = (
        SAMPLE.partition("dataset:")[0]
        + "dataset: {name: movielens}\nsplit:"
        + (SAMPLE.partition("split:")[2])
    )
    heavy = ["numba", "scipy", "pandas", "pyarrow", "implicit", "surprise", "recsys_cli.models.mf"]
    code = f"""
import sys
from recsys_cli.specfile import loads
assert loads({text!r}).name == "sample"
sys.exit(", ".join(set({heavy}) & set(sys.modules)) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
