"""Commands that are stopped at each of their file operations, or that each fails in turn."""

from __future__ import annotations

import errno
import os
import re
import signal
from pathlib import Path

import pytest

from tests.torture.cases import each, spread
from tests.torture.forks import (
    AFTER,
    BEFORE,
    COMMANDS,
    DONE,
    FAIL_ON,
    FAIL_ONCE,
    INSIDE,
    Ended,
    Forks,
    Operation,
    check,
    contents,
)

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE)
#: Those that stay as they are until somebody does something about it.
LASTING = (errno.ENOSPC, errno.EROFS)
_TEMPORARY = re.compile(r"\.(.+)\.[0-9]+-[0-9a-f]{8}\.tmp")


def recorded(forks: Forks, world: Path, command: str) -> list[Operation]:
    forks.world(world)
    assert forks.run(world, COMMANDS[command]).code == 0
    return forks.operations(world)


def again(forks: Forks, world: Path, command: str) -> None:
    """Whatever happened, the same command does its work now, and clears up."""
    ended = forks.run(world, COMMANDS[command])
    assert ended.code in (0, DONE.get(command, 0)), ended
    store = check(world)
    if command not in ("rm", "gc", "tag"):  # which write nothing there
        assert not list(world.glob(".*.tmp"))
    if command == "evaluate":
        assert not list(store.find("als-1").path.glob(".*.tmp"))


@pytest.mark.parametrize(("command", "quick"), [("train", 10), ("evaluate", 10)])
def test_stopped_before_in_or_after_an_operation(request, forks, tmp_path, command, quick):
    world = tmp_path / "world"
    stops = [
        (one, how)
        for one in recorded(forks, world, command)
        if one.call not in ("open", "read", "pread64", "flock")
        for how in ((BEFORE, INSIDE, AFTER) if one.call == "write" else (BEFORE, AFTER))
    ]
    for case, guard in each(request, spread(len(stops), quick=quick)):
        with guard:
            operation, how = stops[case]
            forks.world(world)
            before = contents(world, "als-1", "als-2")
            ended = forks.run(world, COMMANDS[command], nth=operation.number, how=how)
            assert ended.code == -signal.SIGKILL or last(forks, world, operation), ended
            store = check(world)
            assert store.find("als-1").metrics is not None
            if command == "train":
                assert contents(world, "als-1", "als-2") == before
            again(forks, world, command)


def last(forks: Forks, world: Path, operation: Operation) -> bool:
    """Return whether this time there were fewer operations: history is written by the clock."""
    return len(forks.operations(world)) < operation.number


def failures(operations: list[Operation], command: str) -> list[tuple[Operation, int, int]]:
    """Return which operation fails, how, and by what: all by each error, or all by some error."""
    if command in ("train", "evaluate"):
        ways = [(FAIL_ONCE, error) for error in ERRORS] + [(FAIL_ON, error) for error in LASTING]
        return [(one, how, error) for one in operations for how, error in ways]
    return [(one, FAIL_ONCE, ERRORS[one.number % len(ERRORS)]) for one in operations]


@pytest.mark.parametrize(
    ("command", "quick"),
    [("train", 14), ("evaluate", 14)] + [(name, 5) for name in [*COMMANDS][2:]],
)
def test_an_operation_that_fails_is_told(request, forks, tmp_path, command, quick):
    world = tmp_path / "world"
    cases = failures(recorded(forks, world, command), command)
    for case, guard in each(request, spread(len(cases), quick=quick)):
        with guard:
            operation, how, error = cases[case]
            forks.world(world)
            before = contents(world, "als-1", "als-2")
            ended = forks.run(world, COMMANDS[command], nth=operation.number, how=how, error=error)
            # As it went this time.
            met = forks.operations(world)[operation.number - 1 :]
            told(world, command, met if how == FAIL_ON else met[:1], error, ended)
            store = check(world)
            after = contents(world, "als-1", "als-2")
            if command != "evaluate":
                assert {path: after[path] for path in before} == before
            assert store.find("als-1").metrics is not None


def told(world: Path, command: str, met: list[Operation], error: int, ended: Ended) -> None:
    """Assert that the message says where and what is needed; or that the work was done anyway.

    One of the operations that met the error is what it tells of.
    """
    where = (met[:1], os.strerror(error), ended)
    assert "Traceback" not in ended.err and "unexpected" not in ended.err, where
    if ended.code == 0:
        kept = command not in ("train", "evaluate") or all(harmless(world, one) for one in met)
        assert kept, where
        return
    reads_own = met[0].call in ("open", "read") and Path(met[0].path).parent == world
    assert ended.code in ((2, 5, 7) if reads_own else (5, 7)), where
    message = ended.err[ended.err.index("error: ") :]
    paths = [Path(one.path) for one in met]
    names = [name for path in paths for name in (unhidden(path), path.parent.name)]
    # The names in a folder are made to last for the sake of one of them.
    names += [one.name for path in paths if path.is_dir() for one in path.iterdir()]
    assert any(name in message for name in names), where
    assert os.strerror(error).lower() in message.lower(), where
    assert len(message.strip().splitlines()) in (1, 2), where


def unhidden(path: Path) -> str:
    """Return the name of a file, of a temporary one that of the file that it is to become."""
    return _TEMPORARY.sub(r"\1", path.name)


def harmless(world: Path, operation: Operation) -> bool:
    """Return whether nothing is lost by this one: a cache, a lock of a temporary file, a folder."""
    path = Path(operation.path)
    return (
        world / "cache" in [path, *path.parents]
        or (operation.call == "flock" and _TEMPORARY.fullmatch(path.name) is not None)
        or (operation.call == "mkdir" and path.exists())
    )
