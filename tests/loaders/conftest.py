"""A data home and a cache of each test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder, empty."""
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data home, empty."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("RECSYS_DATA_HOME", str(folder))
    return folder


@pytest.fixture
def put(home: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file into the data home and return its path."""

    def write(name: str, content: str | bytes) -> Path:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
