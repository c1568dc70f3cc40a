"""A registered toy dataset, and a spec that uses every block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from recsys_cli.errors import SpecError
from recsys_cli.loaders import LOADERS
from recsys_cli.specfile import load

SAMPLE = """\
# every block
name: sample
seed: 7
dataset:
  name: toy
  path: data/toy.csv
  scale: [1, 5]
  columns: {user: 0, value: rating}
  prepare:
    - {name: min-value, value: 3}
split: {name: leave-last, n: 1, validation: 1}
model: {name: als, factors: 8, reg: 1e-2}
train: {monitor: ndcg@10, every: 2, patience: 3, min_delta: 0.001, refit: true}
evaluation:
  metrics: [ndcg@10, recall@10]
  relevant: {min_value: 4}
  candidates: all
  users: warm
recommend: {users: ["196"], k: 5, exclude_seen: false}
"""


@pytest.fixture(autouse=True, scope="package")
def toy() -> Iterator[None]:
    """Register the toy as an installed package would, for the tests of this folder."""
    point = EntryPoint("toy", "tests.specfile.toy:Toy", LOADERS.package)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LOADERS, "_foreign", {"toy": point})
        yield


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    """The sample as a file."""
    path = tmp_path / "sample.yaml"
    path.write_text(SAMPLE, encoding="utf-8")
    return path


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., list[str]]:
    """Write a spec, see it refused, return the lines less the folder."""

    def check(text: str, *overrides: str) -> list[str]:
        path = tmp_path / "bad.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SpecError) as caught:
            load(path, overrides)
        assert caught.value.exit_code == 2
        return str(caught.value).replace(f"{tmp_path}/", "").splitlines()

    return check
