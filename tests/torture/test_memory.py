"""Memory: what is foreseen against what is taken, and limits below it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from recsys_cli import foresight, memory, specfile
from recsys_cli.dry_run import dry_run
from recsys_cli.listener import SILENT
from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.runs import Store
from tests.torture import memory_cases as cases
from tests.torture.cases import each, seeds

#: How far from what is foreseen the peak may be.
TOLERANCE = 0.25
#: ru_maxrss would be that of the process that started it, if that is larger.
_RUN = """
import os, re, resource, sys
from pathlib import Path
if limit := os.environ.get("LIMIT"):
    name, size = limit.split()
    resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (int(size), int(size)))
from recsys_cli.cli._app import run
code = run(sys.argv[1:])
print("peak", re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
sys.exit(code)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("memory")


def written(seed: int, folder: Path) -> Path:
    path = folder / f"pair-{seed}.yaml"
    path.write_text(yaml.safe_dump(cases.spec(seed, folder)))
    loader = LOADERS.create(specfile.load(path).dataset.loader)
    if not loader.at_hand:
        pytest.skip(f"put {loader.spec_name()} under RECSYS_DATA_HOME to run this pair")
    return path


def peak(path: Path, folder: Path, *more: str) -> tuple[int, int, str]:
    """Return exit code and peak of memory of a run in a process of its own, and what it says."""
    command = [sys.executable, "-c", _RUN, "run", str(path), "--runs", str(folder / "runs"), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    told = done.stdout.rpartition("peak ")[2]
    return done.returncode, int(told or 0) * memory.KIB, done.stderr


@seeds(quick=3, full=len(cases.PAIRS))
def test_the_peak_is_foreseen(request, seeds, folder, monkeypatch) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            path, first = written(seed, folder), cases.PAIRS[seed][1]
            monkeypatch.setenv("RECSYS_CACHE", str(folder / (f"cold-{seed}" if first else "warm")))
            if not first:
                LOADERS.create(specfile.load(path).dataset.loader).load()
            need = dry_run(specfile.load(path), Store(folder / "runs"), SILENT).need
            code, taken, told = peak(path, folder)
            assert code == 0, told
            ratio = need.bytes / taken
            line = f"{ratio:.2f} {memory.spelled(taken)} {need} {cases.PAIRS[seed]}"
            request.node.user_properties.append(("peak", line))
            assert abs(ratio - 1) <= TOLERANCE, line


@seeds(quick=1, full=len(MODELS.names()))
def test_the_peak_of_every_model_is_foreseen(request, seeds, folder, monkeypatch) -> None:
    monkeypatch.setenv("RECSYS_CACHE", str(folder / "warm"))
    for seed, guard in each(request, seeds):
        with guard:
            name = MODELS.names()[seed]
            path = folder / f"{name}.yaml"
            path.write_text(yaml.safe_dump(cases.of_model(name)))
            need = dry_run(specfile.load(path), Store(folder / "runs"), SILENT).need
            code, taken, told = peak(path, folder)
            assert code == 0, told
            line = f"{name}: {need.bytes / taken:.2f} {memory.spelled(taken)} {need}"
            request.node.user_properties.append(("peak", line))
            assert abs(need.bytes / taken - 1) <= TOLERANCE, line


_READ = """
import os, re, sys
from pathlib import Path
from recsys_cli.loaders.delimited import Delimited
loader = Delimited(path=sys.argv[1], timestamp="timestamp")
foreseen = loader.load_bytes
loader.load()
print(foreseen, re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@seeds(quick=2, full=len(cases.READ))
def test_the_peak_of_reading_is_foreseen(request, seeds, folder, monkeypatch) -> None:
    for seed, guard in each(request, seeds):
        with guard:
            monkeypatch.setenv("RECSYS_CACHE", str(folder / f"read-{seed}"))
            path = cases.made(cases.READ[seed], folder)
            done = subprocess.run(
                [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, timeout=99
            )
            assert done.returncode == 0, done.stderr
            foreseen, taken = map(int, done.stdout.split())
            ratio = (foresight._TO_READ + foreseen) / (taken * memory.KIB)
            line = f"{path.name}: {ratio:.2f} {memory.spelled(taken * memory.KIB)}"
            request.node.user_properties.append(("peak", line))
            assert abs(ratio - 1) <= TOLERANCE, line


def limited(seed: int, size: int) -> tuple[str, dict[str, str], list[str]]:
    """Return a limit in MiB: one of the system with its bytes, variables, and options."""
    kinds: list[tuple[str, dict[str, str], list[str]]] = [
        ("", {}, ["--memory", f"{size}m"]),
        ("", {"RECSYS_MEMORY": f"{size}m"}, []),
        (f"AS {(size + 550) * memory.MIB}", {}, []),
        (f"DATA {size * memory.MIB}", {}, []),
    ]
    return kinds[seed % len(kinds)]


@seeds(quick=3, full=20)
def test_what_exceeds_a_limit_is_refused_with_advice_before_it_allocates(
    request, seeds, folder, monkeypatch
) -> None:
    monkeypatch.setenv("RECSYS_CACHE", str(folder / "warm"))
    path = written(0, folder)  # 440 MiB
    for seed, guard in each(request, seeds):
        with guard:
            size = 60 + 97 * seed % 300
            system, variables, more = limited(seed, size)
            runs = folder / f"limit-{seed}"
            with monkeypatch.context() as patch:
                for name, value in (variables | {"LIMIT": system}).items():
                    patch.setenv(name, value)
                code, taken, told = peak(path, runs, *more)
            line = f"{limited(seed, size)}: {code}, {memory.spelled(taken)}, {told}"
            assert code == 7, line
            assert "would need about" in told and "and the limit is" in told, line
            assert re.search("raise the limit|smaller dataset", told), line
            assert taken <= max(size, 64) * memory.MIB, line
            assert not runs.exists(), line
