"""Checks specs, each in a child of its own, and tells what that took.

``python -m tests.torture.spec_worker cold|warm FILE…`` prints a line of JSON a file: exit code,
seconds of processor time, peak memory in MiB and standard error. ``cold`` starts recsys anew for
each; ``warm`` forks it once it is imported. The first line is of a sound spec, FILE itself.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys

#: Bytes of address space that a child may have: numpy's threads reserve much of it.
LIMIT = 4 << 30


def main() -> None:
    """Check the files."""
    how, *files = sys.argv[1:]
    if how == "warm":
        from recsys_cli.cli._app import run

        with contextlib.redirect_stderr(io.StringIO()):
            run(["check", "--no-audit", files[0]])
    for file in files:
        sys.stdout.write(json.dumps(_child(how, file)) + "\n")
        sys.stdout.flush()


def _child(how: str, file: str) -> dict[str, object]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writing, 2)
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
        _check(how, file)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8", errors="replace") as pipe:
        said = pipe.read()
    _, status, usage = os.wait4(pid, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": usage.ru_utime + usage.ru_stime,
        "mib": usage.ru_maxrss / 1024,
        "said": said,
    }


def _check(how: str, file: str) -> None:
    words = ["check", "--no-audit", file]
    if how == "cold":
        start = "from recsys_cli.cli import main; main()"
        os.execv(sys.executable, [sys.executable, "-c", start, *words])
    code = 99
    try:
        from recsys_cli.cli._app import run

        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        code = run(words)
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
