"""Limits of memory, sizes as people write them, and what is refused."""

from __future__ import annotations

import os

import pytest

from recsys_cli import cgroups, experiment, foresight, memory
from recsys_cli.data import Dataset
from recsys_cli.errors import OutOfResources, SpecError
from recsys_cli.listener import SILENT
from recsys_cli.memory import GIB, MIB, Limit
from recsys_cli.runs import Run, Store
from recsys_cli.specfile import from_document
from tests.cli.conftest import make


@pytest.fixture
def unlimited(monkeypatch):
    """No limit but those that a test sets."""
    monkeypatch.delenv("RECSYS_MEMORY", raising=False)
    for name in ("_rlimits", "_cgroup_limits"):
        monkeypatch.setattr(memory, name, lambda: iter(()))
    monkeypatch.setattr(memory, "_available", lambda: (64 * GIB, "available on this machine"))


@pytest.mark.parametrize(
    ("text", "size"),
    [("500m", 500 * MIB), ("2g", 2 * GIB), ("1.5G", GIB * 3 // 2), ("64MiB", 64 * MIB), ("9b", 9)],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert memory.parsed(text, "here") == size


@pytest.mark.parametrize("text", ["", "0", "-1g", "2x", "g", "1e3", "nan"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="no size of memory"):
        memory.parsed(text, "--memory")


def test_sizes_are_spelled() -> None:
    told = [memory.spelled(size) for size in (500, 1024, 431 * MIB, 19 * GIB // 10)]
    assert told == ["500 bytes", "1 KiB", "431 MiB", "1.9 GiB"]


def test_the_least_limit_holds(unlimited, monkeypatch) -> None:
    assert memory.limit() == Limit(64 * GIB, "available on this machine")
    monkeypatch.setenv("RECSYS_MEMORY", "8g")
    assert memory.limit() == Limit(8 * GIB, "RECSYS_MEMORY")
    with memory.within("2g"):
        assert memory.limit() == Limit(2 * GIB, "--memory")
    assert memory.limit().source == "RECSYS_MEMORY"


def test_ulimit_counts_without_the_addresses_that_libraries_reserve(monkeypatch) -> None:
    resource = pytest.importorskip("resource")
    sizes = {resource.RLIMIT_AS: 4 * GIB, resource.RLIMIT_DATA: resource.RLIM_INFINITY}
    monkeypatch.setattr(resource, "getrlimit", lambda which: (sizes[which], sizes[which]))
    (found,) = memory._rlimits()
    assert 2 * GIB < found.bytes < 4 * GIB
    assert found.source.startswith("ulimit -v 4194304")


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("0::/outer/job", "outer/memory.max"),
        ("4:cpu,memory:/outer/job", "memory/outer/memory.limit_in_bytes"),
    ],
)
def test_a_control_group_is_heeded_and_those_around_it(tmp_path, monkeypatch, line, file) -> None:
    groups, own = tmp_path / "groups", tmp_path / "cgroup"
    own.write_text(f"3:cpuset:/elsewhere\n{line}\n")
    (groups / file).parent.mkdir(parents=True)
    (groups / file).write_text("1073741824\n")
    inner = (groups / file).parent / "job" / (groups / file).name
    inner.parent.mkdir()
    inner.write_text("max\n")
    monkeypatch.setattr(cgroups, "_ROOT", groups)
    monkeypatch.setattr(cgroups, "_OWN", own)
    assert list(memory._cgroup_limits()) == [Limit(GIB, str(groups / file))]


@pytest.mark.parametrize(
    ("line", "current", "pages"),
    [("0::/pod", "memory.current", ""), ("4:memory:/pod", "memory.usage_in_bytes", "total_")],
)
def test_what_others_in_the_group_use_is_not_left(tmp_path, monkeypatch, line, current, pages):
    pod = tmp_path / ("pod" if line.startswith("0") else "memory/pod")
    pod.mkdir(parents=True)
    (tmp_path / "own").write_text(f"{line}\n")
    monkeypatch.setattr(cgroups, "_ROOT", tmp_path)
    monkeypatch.setattr(cgroups, "_OWN", tmp_path / "own")
    monkeypatch.setattr(memory, "_field", lambda _, name: 100 * MIB if name == "RssAnon" else None)
    limit = "memory.max" if line.startswith("0") else "memory.limit_in_bytes"
    (pod / limit).write_text(str(2 * GIB))
    (pod / current).write_text(str(1900 * MIB))
    stat = f"{pages}active_file {200 * MIB}\n{pages}inactive_file {600 * MIB}\nfile {9 * GIB}\n"
    (pod / "memory.stat").write_text(stat)
    told = f"{pod / limit}, less what others in the group use"
    assert list(memory._cgroup_limits()) == [Limit(1048 * MIB, told)]


def test_the_size_above_which_a_group_is_slowed_down_is_heeded(tmp_path, monkeypatch) -> None:
    for name, size in (("max", 2 * GIB), ("high", GIB), ("current", 1900 * MIB)):
        (tmp_path / f"memory.{name}").write_text(str(size))
    (tmp_path / "own").write_text("0::/\n")
    monkeypatch.setattr(cgroups, "_ROOT", tmp_path)
    monkeypatch.setattr(cgroups, "_OWN", tmp_path / "own")
    monkeypatch.setattr(memory, "_field", lambda *_: 100 * MIB)
    assert [found.bytes for found in memory._cgroup_limits()] == [248 * MIB, 0]


def test_groups_of_any_name_are_read_and_other_lines_skipped(tmp_path, monkeypatch) -> None:
    own = tmp_path / "own"
    own.write_bytes(b"no colons\n\n1:one\n0::/p\xffd\n")
    monkeypatch.setattr(cgroups, "_OWN", own)
    monkeypatch.setattr(cgroups, "_ROOT", tmp_path)
    found = [os.fsencode(group) for group, _ in cgroups.groups("memory")]
    assert found == [os.fsencode(tmp_path) + b"/p\xffd", os.fsencode(tmp_path)]


def test_what_needs_more_is_refused_with_its_parts_and_the_limit(unlimited) -> None:
    with memory.within("1g"):
        memory.require({"libraries": 230 * MIB, "model": 500 * MIB}, "training als")
        with pytest.raises(OutOfResources) as caught:
            memory.require({"libraries": 230 * MIB, "model": 2 * GIB, "ids": 9}, "training als")
    assert str(caught.value) == (
        "training als would need about 2.2 GiB of memory (libraries 230 MiB, model 2.0 GiB), and "
        "the limit is 1.0 GiB (--memory)\nraise the limit, or take a machine with more memory"
    )


def test_a_limit_below_the_libraries_is_refused_at_once(unlimited) -> None:
    with pytest.raises(OutOfResources, match="any run would need"), memory.within("100m"):
        pytest.fail("began")


def test_a_size_without_a_unit_is_bytes_and_probably_meant_otherwise(unlimited) -> None:
    with pytest.raises(OutOfResources) as caught, memory.within("500"):
        pytest.fail("began")
    assert str(caught.value).endswith("the limit is 500 bytes (--memory)\ndid you mean 500m?")


def test_a_number_beyond_all_memory_is_no_size():
    with pytest.raises(SpecError, match="is no size"):
        memory.parsed("9" * 400, "--memory")


def test_an_evaluation_by_itself_is_refused_too(tmp_path, unlimited) -> None:
    run = make(Store(tmp_path), "als", evaluated=False)
    enough = foresight.need(from_document(run.spec_document), prepared(run), trains=False).bytes
    with memory.within(str(enough - 1)), pytest.raises(OutOfResources, match="evaluating als"):
        experiment.evaluate(run, SILENT)
    assert run.metrics is None
    with memory.within(str(enough)):
        experiment.evaluate(run, SILENT)
    assert run.metrics is not None


def prepared(run: Run) -> Dataset:
    return experiment.prepare(from_document(run.spec_document), SILENT).dataset
