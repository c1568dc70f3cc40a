"""``recsys doctor``: each thing it looks at, whole and broken; and what it compiles."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from recsys_cli import cgroups, compilation, diagnosis, memory, threads, warming
from recsys_cli.cli._screen import screen
from recsys_cli.diagnosis import _folder, _packages
from recsys_cli.errors import NotFound, OutOfResources
from tests.cli.conftest import HOUSE

#: The check that makes a finding, where that is called something else.
_CHECKS = {
    **dict.fromkeys(("implicit", "scipy", "rich", "numpy"), "packages"),
    "recsys-that-is-not-there": "packages",
    **dict.fromkeys(("NUMBA_DISABLE_JIT", "OMP_PROC_BIND", "NUMBA_OPT"), "settings"),
    **dict.fromkeys(("locks", "clock"), "runs"),
    **dict.fromkeys(("MovieLens 1m", "Coat"), "RECSYS_DATA_HOME"),
}
_FEW = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"


@pytest.fixture
def found(tmp_path, monkeypatch):
    """Look at one thing, by what it is called; the folder of runs is a fresh one."""
    monkeypatch.chdir(tmp_path)

    def look(what: str, runs: Path = Path("runs")) -> diagnosis.Finding:
        name = _CHECKS.get(what, what)
        check = diagnosis._CHECKS[name]
        (one,) = (one for one in diagnosis._findings(name, check, runs) if one.what == what)
        return one

    return look


def refuse(monkeypatch, number: int) -> None:
    """Let no file be made."""
    real = os.open

    def denied(path, flags, *rest, **more):
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number), str(path))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr(_folder.os, "open", denied)


def test_what_it_finds_is_printed_and_leaves_nothing(recsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    told = recsys("doctor", "--json")
    assert told.code == 0
    assert {"what", "status", "found", "advice"} == set(told.document[0])
    assert {one["status"] for one in told.document} <= {"ok", "warn"}
    assert all((one["advice"] is None) == (one["status"] == "ok") for one in told.document)
    names = {one["what"] for one in told.document}
    assert {"python", "numba", "cores", "BLAS", "memory", "runs", "locks", "clock"} <= names
    assert recsys("doctor").out.count("\n") == len(told.document) + 4
    assert list(tmp_path.iterdir()) == []


def test_what_fails_is_said_with_the_code_that_a_run_would_end_with(recsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    refuse(monkeypatch, errno.EROFS)
    told = recsys("doctor", "--json")
    assert told.code == 7 and told.err.startswith("error: runs: ")
    (runs,) = (one for one in told.document if one["what"] == "runs")
    assert runs["status"] == "fail" and "Read-only file system" in runs["found"]
    assert "--runs" in runs["advice"]


def test_a_package_that_is_missing_old_or_damaged_fails(recsys, found, monkeypatch):
    real = metadata.version
    gone = {"scipy": "1.0.1", "rich": None}

    def version(name: str) -> str | None:
        if name == "implicit":
            raise metadata.PackageNotFoundError(name)
        return gone.get(name, real(name))

    monkeypatch.setattr(metadata, "version", version)
    assert found("implicit").found == "is not installed"
    assert found("implicit").advice == "pip install 'implicit>=0.7.2'"
    assert found("scipy").found == "1.0.1; >=1.13 is needed"
    assert found("rich").status == "fail" and found("numpy").status == "ok"
    assert recsys("doctor").code == NotFound.exit_code


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("2.0", "numpy>=2.0", True),
        ("2", "numpy>=2.0", True),
        ("2.0.0rc1", "numpy>=2.0", True),
        ("1.26.4", "numpy>=2.0", False),
        ("0.24.9", "typer<0.25,>=0.20", True),
        ("0.25", "typer<0.25,>=0.20", False),
        ("0.25.0", "typer<0.25,>=0.20", False),
        ("0.3", "typer<0.25,>=0.20", False),
        ("7", "llvmlite", True),
    ],
)
def test_versions_compare_by_their_numbers(version, bounds, fits):
    assert _packages.within(version, bounds) is fits


def test_each_bound_that_we_state_is_one_that_the_doctor_reads():
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
    for line in [*project["dependencies"], f"python{project['requires-python']}"]:
        name = line.split(";")[0]
        left = _packages._BOUND.sub("", name)
        assert not set(left) & set("=!~>@"), line


def test_a_python_that_is_too_old_and_a_folder_that_is_not_installed(found, monkeypatch):
    monkeypatch.setattr(_packages.platform, "python_version", lambda: "3.9.2")
    assert found("python").error is NotFound and ">=3.11 is needed" in found("python").found
    monkeypatch.setattr(_packages, "_DISTRIBUTION", "recsys-that-is-not-there")
    assert found("recsys-that-is-not-there").status == "warn"
    assert found("python").status == "ok"


def test_a_library_that_cannot_be_loaded_is_a_finding(found, monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    assert found("BLAS").error is NotFound and "threadpoolctl" in found("BLAS").found
    assert found("disk").status == "ok"


def test_a_check_that_breaks_is_a_finding(found, monkeypatch):
    monkeypatch.setattr(_folder.shutil, "disk_usage", lambda path: 1 / 0)
    assert found("disk").found.startswith("ZeroDivisionError") and found("disk").status == "fail"


@pytest.mark.parametrize("second", [True, False])
def test_a_share_of_the_cores_time_is_told(found, monkeypatch, tmp_path, second):
    own, inner = tmp_path / "own", tmp_path / "groups" / "cpu" / "a" / "b"
    inner.mkdir(parents=True)
    if second:
        own.write_text("0::/cpu/a/b\n")
        (inner / "cpu.max").write_text("max 100000\n")
        (inner.parent / "cpu.max").write_text("150000 100000\n")
    else:
        own.write_text("5:memory:/a\n3:cpu,cpuacct:/a/b\n")
        (inner / "cpu.cfs_quota_us").write_text("-1\n")
        (inner / "cpu.cfs_period_us").write_text("100000\n")
        (inner.parent / "cpu.cfs_quota_us").write_text("150000\n")
        (inner.parent / "cpu.cfs_period_us").write_text("100000\n")
    monkeypatch.setattr(cgroups, "_OWN", own)
    monkeypatch.setattr(cgroups, "_ROOT", tmp_path / "groups")
    monkeypatch.setattr(threads, "available", lambda: 8)
    assert found("cores").advice == "--threads 2: more of them only wait for each other"
    monkeypatch.setattr(threads, "available", lambda: 1)
    assert found("cores").status == "ok"


def test_settings_that_slow_a_run_down_are_told(found, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert found("settings").found == "OMP_NUM_THREADS=1: --threads decides instead"
    for name, harmful, harmless in (
        ("NUMBA_DISABLE_JIT", "1", "0"),
        ("OMP_PROC_BIND", "TRUE", "false"),
        ("NUMBA_OPT", "0", "3"),
    ):
        monkeypatch.setenv(name, harmful)
        assert found(name).advice == f"unset {name}"
        monkeypatch.setenv(name, harmless)
        with pytest.raises(ValueError, match="not enough values"):
            found(name)


@pytest.mark.parametrize(
    ("pools", "says"),
    [([], "none that is known"), ([4], "does not keep to one thread"), ([1], "b 1")],
)
def test_a_blas_that_is_unknown_or_heeds_no_limit_is_told(found, monkeypatch, pools, says):
    import threadpoolctl

    def info() -> list[dict[str, object]]:
        named = {"user_api": "blas", "internal_api": "b", "version": "1"}
        return [named | {"num_threads": n} for n in pools]

    monkeypatch.setattr(threadpoolctl, "threadpool_info", info)
    assert says in found("BLAS").found
    assert found("BLAS").status == ("ok" if pools == [1] else "warn")


def test_too_little_memory_is_told(found, monkeypatch):
    for size, status in (("1m", "fail"), ("500m", "warn"), ("2g", "ok")):
        monkeypatch.setenv("RECSYS_MEMORY", size)
        assert found("memory").status == status, size
    monkeypatch.setenv("RECSYS_MEMORY", "much")
    assert "is no size" in found("memory").found
    monkeypatch.setattr(memory, "limit", lambda: memory.Limit(0, "x"))
    assert found("memory").error is OutOfResources


def test_a_low_limit_of_open_files_is_told(tmp_path):
    code = (
        f"{_FEW}from pathlib import Path; from recsys_cli.diagnosis import diagnose\n"
        "print(*(f.advice for f in diagnose(Path('runs')) if f.what == 'open files'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout == "ulimit -n 4096\n", done.stderr


def test_the_folder_of_runs(found, tmp_path, monkeypatch):
    assert found("runs").found == "runs, which the first run makes: can be written"
    deep = tmp_path / "a" / "b" / "runs"
    assert found("runs", deep).status == "ok" and not (tmp_path / "a").exists()
    (tmp_path / "file").write_text("")
    assert found("runs", tmp_path / "file").found.endswith("file is no folder")
    assert found("runs", tmp_path / "file" / "runs").error is OutOfResources
    refuse(monkeypatch, errno.EACCES)
    assert "Permission denied" in found("runs").found
    refuse(monkeypatch, errno.ENOSPC)
    assert "free some disk space" in (found("runs").advice or "")


def test_locks(found, monkeypatch):
    assert found("locks").status == "ok"

    def flock(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(_folder.fcntl, "flock", flock)
    assert found("locks").found == "the file system has none: No locks available"
    monkeypatch.setattr(_folder.fcntl, "flock", lambda *_: None)
    assert found("locks").found == "hold nobody off" and found("locks").error is OutOfResources


def test_the_disk(found, monkeypatch):
    class Usage:
        free = 0

    monkeypatch.setattr(_folder.shutil, "disk_usage", lambda path: Usage)
    for free, status in ((0, "fail"), (200 << 20, "warn"), (2 << 30, "ok")):
        Usage.free = free
        assert found("disk").status == status
    Usage.f_files, Usage.f_favail = 1000, 0
    monkeypatch.setattr(_folder.os, "statvfs", lambda path: Usage)
    assert "no more files" in found("disk").found and found("disk").error is OutOfResources


def test_the_clock(found, monkeypatch):
    real = _folder.time.time()
    for shift, says in ((0, None), (3600, "set both clocks"), (60 - real, "set the clock:")):
        monkeypatch.setattr(_folder.time, "time", lambda shift=shift: real + shift)
        assert (found("clock").advice or "").startswith(says or "")
        assert found("clock").status == ("warn" if says else "ok")


def test_the_data_home_says_what_is_whole_and_what_is_not(found, tmp_path, monkeypatch):
    monkeypatch.delenv("RECSYS_DATA_HOME", raising=False)
    assert found("RECSYS_DATA_HOME").status == "ok"
    home = tmp_path / "home"
    monkeypatch.setenv("RECSYS_DATA_HOME", str(home))
    assert "make it, or correct" in (found("RECSYS_DATA_HOME").advice or "")
    home.write_text("")
    assert "Not a directory" in found("RECSYS_DATA_HOME").found
    home.unlink()
    (home / "ml-1m").mkdir(parents=True)
    assert found("RECSYS_DATA_HOME").found == f"{home}: no dataset yet"
    for name in ("ratings.dat", "users.dat"):
        (home / "ml-1m" / name).write_text("x")
    assert found("MovieLens 1m").found == f"{home / 'ml-1m'} lacks movies.dat"
    assert "recsys data fetch movielens --set size=1m" in (found("MovieLens 1m").advice or "")
    (home / "ml-1m" / "movies.dat").write_text("")
    assert found("MovieLens 1m").found.endswith("movies.dat is empty")
    (home / "ml-1m" / "movies.dat").write_text("x")
    assert found("RECSYS_DATA_HOME").found == f"{home}: MovieLens 1m"
    (home / "coat").mkdir()
    (home / "coat" / "test.ascii").write_text("x")
    assert "get it again from" in (found("Coat").advice or "")


def test_a_user_without_a_home_has_no_parsed_data_and_is_told(found, monkeypatch, recsys):
    from tests.cli.conftest import document

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("RECSYS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    assert found("parsed data").status == "warn"
    assert "RECSYS_CACHE" in (found("parsed data").advice or "")
    rows = [f"u{n % 5},i{n % 3},{n}" for n in range(15)]
    Path("rows.csv").write_text("\n".join(["user,item,time", *rows]))
    asked = {"name": "delimited", "path": "rows.csv", "user": "user", "item": "item"}
    asked |= {"rating": None, "timestamp": "time"}
    spec = document("toy", dataset=asked, model={"name": "popular"}, split={"name": "leave-last"})
    Path("toy.yaml").write_text(str(spec).replace("None", "null"))
    assert recsys("train", "toy.yaml").code == 0


def test_it_says_where_kernels_are_kept_and_whether_they_are(found, monkeypatch, tmp_path):
    from recsys_cli import kernels
    from recsys_cli.diagnosis import _kernels

    assert "compiled functions in" in found("kernel cache").found
    source = tmp_path / "toy.py"
    source.write_text("@njit\ndef one(): ...\n\n@njit\ndef two(): ...\n\ndef three(): ...\n")
    python = "py{}{}".format(*sys.version_info[:2])
    for name in ("one-1", "two-4", "two-3", "three-7"):
        (tmp_path / f"toy.{name}.{python}.nbi").write_text("")
    assert _kernels._compiled(tmp_path, source) == (2, 0)
    os.utime(tmp_path / f"toy.two-4.{python}.nbi", (0, 0))
    assert _kernels._compiled(tmp_path, source) == (1, 1)
    monkeypatch.setattr(_kernels, "_compiled", lambda *_: (0, 3))
    assert "doctor --warm" in (found("kernel cache").advice or "")
    monkeypatch.setattr(kernels, "kept", False)
    assert "NUMBA_CACHE_DIR" in (found("kernel cache").advice or "")


def test_a_folder_of_kernels_that_cannot_be_used_is_told(tmp_path):
    # A file stands where the folder should be, which denies root too: numba keeps them elsewhere.
    (tmp_path / "file").write_text("")
    code = (
        "from pathlib import Path; from recsys_cli.diagnosis import diagnose\n"
        "print(*(f.advice for f in diagnose(Path('runs')) if f.what == 'NUMBA_CACHE_DIR'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "file")},
    )
    assert done.stdout == "make it a folder you can write\n", done.stderr


def test_warm_says_how_much_it_compiled_and_when_there_was_nothing_to_do(recsys, monkeypatch):
    def warm(listener) -> warming.Warmed:
        compilation.tell("als", "solve_rows")
        return warming.Warmed(["als.solve_rows"], 1.26)

    monkeypatch.setattr(warming, "warm", warm)
    done = recsys("doctor", "--warm")
    assert (done.code, done.out) == (0, "Compiled 1 functions in 1.3 s.\n")
    assert done.err.startswith("Compiling kernels for their first use")
    document = recsys("doctor", "--warm", "--json").document
    assert document == {"compiled": ["als.solve_rows"], "seconds": 1.26}
    monkeypatch.setattr(warming, "warm", lambda listener: warming.Warmed([], 0.5))
    done = recsys("doctor", "--warm")
    assert done.out == "All kernels are compiled: there was nothing to do.\n" and not done.err


def test_compiling_is_noted_once(capsys):
    with screen():
        for function in ("_multiply", "solve_rows"):
            compilation.tell("als", function)
    assert len(capsys.readouterr().err.splitlines()) == 1
    compilation.tell("als", "solve_rows")
    assert capsys.readouterr().err == ""
