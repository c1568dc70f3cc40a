"""What other tools keep beside runs is neither listed nor deleted, and stops nothing."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from recsys_cli.errors import NotFound
from recsys_cli.runs import collect, find_waste
from tests.runs.conftest import train

#: As in linux/prctl.h and linux/capability.h.
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
#: The exit code where modes of files are nothing to root.
OVER_ALL = 77
LOOK = f"""
import os, sys
from pathlib import Path
from recsys_cli.runs import Store, find_waste
if os.access("runs/lost+found", os.R_OK):
    sys.exit({OVER_ALL})
store = Store(Path("runs"))
print([(run.id, run.status) for run in store.runs()], store.find("als-1").id, store.next_id("als"))
print(find_waste(store, days=0, dead=["failed", "interrupted"]))
"""


@pytest.mark.parametrize(
    "file",
    [
        "exp-1/events.out",
        "paper-2024/figures/one.png",
        "bert-3/run.json",
        "bert-3/checkpoints/step1.pt",
    ],
)
def test_folders_of_others_are_never_deleted(store, file):
    train(store)
    path = store.root / file
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    assert find_waste(store, days=0, dead=["failed", "interrupted"]) == []
    assert collect(store, find_waste(store, days=0, dead=["interrupted"])) == []
    assert path.exists() and store.find().id == "als-1"


def test_a_folder_of_others_is_no_run(store):
    (store.root / "exp-7").mkdir(parents=True)
    (store.root / "exp-7" / "events.out").touch()
    assert store.ids() == [] and store.next_id("exp") == "exp-1"
    with pytest.raises(NotFound, match="no runs yet"):
        store.find("exp-7")


def test_of_a_manifest_of_others_no_checkpoint_is_a_stray(store):
    train(store)
    for name in ("MANIFEST.json", "run.json", "checkpoints/step1.pt", "checkpoints/7/one.json"):
        path = store.root / "bert-3" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert find_waste(store, days=0, dead=["failed", "interrupted"]) == []


def test_a_folder_that_may_not_be_looked_into_stops_nothing(store):
    train(store)
    for name in ("lost+found", "als-2"):
        (store.root / name).mkdir()
        (store.root / name).chmod(0)
    look = [sys.executable, "-c", LOOK]
    done = subprocess.run(look, cwd=store.root.parent, preexec_fn=_obey, capture_output=True)
    if done.returncode == OVER_ALL:
        pytest.skip("root may read everywhere, and cannot give that up here")
    assert (done.returncode, done.stderr.decode()) == (0, "")
    runs = "[('als-1', 'complete'), ('als-2', 'damaged')]"
    assert done.stdout.decode() == f"{runs} als-1 als-3\n[]\n"


def _obey() -> None:
    """Have what is executed next obey the modes of files, be it root's."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
