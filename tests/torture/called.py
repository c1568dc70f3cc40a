"""One command line within this process, and what it came to."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout

from recsys_cli.cli._app import run
from tests.cli.conftest import Result


def called(*words: object) -> Result:
    """Run ``recsys`` with these words; both streams are as a file is, off any terminal."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(word) for word in words])
    for stream in (out, err):
        stream.seek(0)
    return Result(code, out.read(), err.read())
