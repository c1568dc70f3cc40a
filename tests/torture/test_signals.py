"""Ctrl-C, SIGTERM and SIGHUP, once or twice, at random moments of commands at work."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from recsys_cli.runs import Store
from tests.torture.cases import each, seeds

#: Seconds from the signal to the end of the process, where it gets a core.
LIMIT = 2.0
WIDE = {"name": "synthetic", "users": 3000, "items": 6000, "interactions": 60_000}
SPLIT = {"name": "leave-last", "n": 1, "validation": 1}
#: What takes minutes: short epochs, long ones, one long computation, a library's.
MODELS: dict[str, dict[str, Any]] = {
    "mf": {"name": "mf", "epochs": 1_000_000, "lr_decay": 1.0},
    "als": {"name": "als", "factors": 512, "epochs": 1000},
    "ease": {"name": "ease"},
    "implicit": {"name": "implicit-als", "factors": 512, "epochs": 1000},
}
SEARCH = {"metric": "ndcg@10", "trials": 50, "space": {"model.reg": {"log": [0.001, 0.1]}}}


def spec(folder: Path, model: str, command: str) -> Path:
    document: dict[str, Any] = {"name": "long", "dataset": WIDE, "split": SPLIT}
    document |= {"model": MODELS[model]}
    if command == "tune":
        document |= {"search": SEARCH}
    path = folder / "long.yaml"
    path.write_text(json.dumps(document))
    return path


def begin(folder: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from recsys_cli.cli import main; main()", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folder)


def wait_for_run(folder: Path, process: subprocess.Popen[str]) -> None:
    while not list(folder.glob("runs/*/run.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@seeds(quick=6, full=100, chunk=5)
def test_a_signal_ends_a_command_within_two_seconds(request, tmp_path, seeds):
    for seed, guard in each(request, seeds):
        with guard:
            chance = random.Random(seed)
            folder = tmp_path / str(seed)
            folder.mkdir()
            command = ("train", "run", "tune", "train")[seed % 4]
            number = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[seed % 3]
            model = [*MODELS][seed // 2 % len(MODELS)] if command != "tune" else "als"
            words = [command, str(spec(folder, model, command))]
            words += ["--workers", "2"] if command == "tune" else []
            with begin(folder, *words) as process:
                wait_for_run(folder, process)
                time.sleep(chance.uniform(0, 1.5))
                children = psutil.Process(process.pid).children(recursive=True)
                seconds = ended(process, number, chance if seed % 2 else None)
                code, (_, err) = process.returncode, process.communicate()
            assert seconds < LIMIT * crowding(), (seconds, command, model, number)
            assert code == 128 + number, (code, err)
            assert "Traceback" not in err and err.splitlines()[-1] == "error: interrupted", err
            interrupted(folder)
            psutil.wait_procs(children, timeout=LIMIT * crowding())
            assert not [child for child in children if child.is_running()]


def crowding() -> float:
    """Return how many processes want a core of this machine, at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def ended(process: subprocess.Popen[str], number: int, chance: random.Random | None) -> float:
    """Send the signal, some moments later a second if asked; return the seconds that it took."""
    began = time.monotonic()
    process.send_signal(number)
    if chance is not None:
        time.sleep(chance.choice((0, chance.uniform(0, 0.05), chance.uniform(0, 1))))
        process.send_signal(number)
    process.wait(30)
    return time.monotonic() - began


def interrupted(folder: Path) -> None:
    """Assert that all that had begun is named as interrupted, by itself as well."""
    for summary in Store(folder / "runs").runs():
        assert summary.status in ("complete", "interrupted"), summary
        record = folder / "runs" / summary.id / "run.json"
        if summary.status == "interrupted" and record.exists():
            assert json.loads(record.read_bytes())["status"] == "interrupted"
