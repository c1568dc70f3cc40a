"""Files that are links, pipes or devices, read and written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recsys_cli.cli import _request


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_output_that_is_a_link_stays_one_and_a_pipe_is_none(runs, recsys, here):
    (here / "link.csv").symlink_to(here / "target.csv")
    os.mkfifo(here / "pipe.csv")
    assert recsys("recommend", "als", "--user", "1", "-o", "link.csv").code == 0
    assert (here / "link.csv").is_symlink() and (here / "target.csv").read_text()
    refused = recsys("recommend", "als", "--user", "1", "-o", "pipe.csv")
    assert refused.code == 2 and "pipe.csv: is no plain file" in refused.err


def test_a_file_of_users_without_an_end_is_refused(runs, recsys, here, monkeypatch):
    refused = recsys("recommend", "als", "--users", "/dev/zero")
    assert refused.code == 2 and "a device, not a file" in refused.err
    monkeypatch.setattr(_request, "_MOST", 1 << 20)
    (here / "long.txt").write_bytes(b"1\n" * (1 << 20))
    refused = recsys("recommend", "als", "--users", "long.txt")
    assert refused.code == 2 and "long.txt: has over 1 MiB" in refused.err
