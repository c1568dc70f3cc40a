"""What is compiled when: told once, kept, anew where a callee changed, and ahead of its use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import recsys_cli
from recsys_cli import compilation

HOUSE = Path(recsys_cli.__file__).parent
#: Two kernels, one of which calls the other from another file, in a copy of the package.
CALLEE = "from numba import njit\n@njit(cache=True)\ndef inner(x):\n    return x + {add}\n"
CALLER = (
    "from numba import njit\nfrom recsys_cli.kernels.callee import inner\n"
    "@njit(cache=True)\ndef outer(x):\n    return inner(x)\n"
)
ASK = """
from recsys_cli import compilation
told = []
with compilation.heard(lambda *names: told.append(".".join(names))):
    from recsys_cli.kernels.caller import outer
    found = outer(1)
from recsys_cli import kernels
print(found, kernels.kept, *told)
"""
COVERED = """
import importlib, json, pkgutil
from numba.core.dispatcher import Dispatcher
from recsys_cli import kernels, warming
from recsys_cli.listener import SILENT
warming.warm(SILENT)
found, called = {}, set()
for file in pkgutil.iter_modules(kernels.__path__):
    module = importlib.import_module(f"recsys_cli.kernels.{file.name}")
    for name, value in vars(module).items():
        if isinstance(value, Dispatcher):
            home = value.py_func.__module__.rpartition(".")[2]
            if home != file.name:
                called.add(f"{home}.{name}")  # from another file, so not from Python
            elif not name.startswith("_"):
                found[f"{home}.{name}"] = len(value.signatures)
found = {name: count for name, count in found.items() if name not in called}
print(json.dumps({"found": found, "again": warming.warm(SILENT).compiled}))
"""


def python(code: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def package(tmp_path) -> Path:
    """A folder with just enough of the package to compile two kernels in."""
    kernels = tmp_path / "recsys_cli" / "kernels"
    kernels.mkdir(parents=True)
    (tmp_path / "recsys_cli" / "__init__.py").touch()
    shutil.copy(HOUSE / "compilation.py", tmp_path / "recsys_cli")
    shutil.copy(HOUSE / "kernels" / "__init__.py", kernels)
    (kernels / "caller.py").write_text(CALLER)
    (kernels / "callee.py").write_text(CALLEE.format(add=1))
    return tmp_path


def test_a_kernel_is_compiled_once_and_again_when_a_callee_in_another_file_changed(package):
    both = "caller.outer callee.inner"
    assert python(ASK, package) == f"2 True {both}\n"
    assert python(ASK, package) == "2 True\n"
    callee = package / "recsys_cli" / "kernels" / "callee.py"
    callee.write_text(CALLEE.format(add=41))
    assert python(ASK, package) == f"42 True {both}\n"
    assert python(ASK, package) == "42 True\n"


def test_a_kernel_is_compiled_again_when_what_its_callee_takes_from_a_third_file_changed(package):
    kernels = package / "recsys_cli" / "kernels"
    (kernels / "callee.py").write_text(
        "from recsys_cli.kernels._deep import number\n" + CALLEE.format(add="number")
    )
    (kernels / "_deep.py").write_text("number = 1\n")
    assert python(ASK, package).startswith("2 True")
    (kernels / "_deep.py").write_text("number = 41\n")
    assert python(ASK, package).startswith("42 True caller.outer")


def test_where_nothing_can_be_kept_kernels_work_all_the_same(package):
    # A file where the folder would be: root too may not write into it.
    (package / "recsys_cli" / "kernels" / "__pycache__").write_text("")
    (package / "home").write_text("")
    home = str(package / "home")
    alone = {"HOME": home, "XDG_CACHE_HOME": home, "TMPDIR": str(package)}
    before = set(package.iterdir())
    for _ in range(2):
        assert python(ASK, package, **alone).startswith("2 False caller.outer")
    assert set(package.iterdir()) == before


def test_who_no_longer_listens_is_not_told():
    heard = []
    with compilation.heard(lambda *names: heard.append(names)):
        compilation.tell("als", "solve_rows")
    compilation.tell("als", "solve_rows")
    assert heard == [("als", "solve_rows")]


def test_warming_reaches_every_kernel_and_each_is_compiled_for_one_signature(tmp_path):
    document = json.loads(python(COVERED, tmp_path))
    found = document["found"]
    assert found.pop("sparse.scatter_rows") == 2  # into sums of float32, and of float64
    assert found and set(found.values()) == {1}, found
    assert document["again"] == []
