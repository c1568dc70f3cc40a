"""A disk that is really full."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from tests.torture.cases import count
from tests.torture.forks import HOUSE, check

SCRIPT = """
mount -t tmpfs -o size=2m none "$1" || exit 77
cd "$2" && "$3" -m tests.torture.full_disk_worker "$1" && cp -r "$1/runs" "$4"
"""


def test_on_a_real_full_disk_commands_say_so_and_earlier_runs_stay(request, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    enter = [shutil.which("unshare") or "", "-rm", "sh", "-c", SCRIPT, "sh"]
    if not enter[0]:
        pytest.skip("needs unshare of util-linux, on Linux")
    words = [str(disk), str(HOUSE), sys.executable, str(tmp_path / "runs")]
    done = subprocess.run([*enter, *words], capture_output=True, text=True)
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("needs the right to mount in a namespace of one's own")
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    for answer in answers:
        assert answer["code"] in (0, 7) and "Traceback" not in answer["err"], answer
        if answer["code"] == 7:
            assert "cannot write: No space left on device\nfree some disk" in answer["err"], answer
    assert {answer["code"] for answer in answers} == {0, 7}
    assert check(tmp_path).find("als-1").metrics is not None
    count(request, len(answers))
