"""Commands on a disk with ever less room: ``full_disk_worker FOLDER`` says how each ended.

The folder is one of 2 MB, of which so much is taken that the commands begin with 0, 4, 8 … KB.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path

from recsys_cli.cli._app import run
from tests.torture.forks import COMMANDS, write_world


def main(folder: Path) -> None:
    os.chdir(folder)
    os.environ["RECSYS_CACHE"] = str(folder / "cache")
    write_world(folder)
    answers = []
    for name in ("train", "evaluate", "recommend"):
        ended(COMMANDS[name])
    for name in ("train", "evaluate", "recommend", "bless"):
        for free in range(0, 64, 8):
            fill(folder / "ballast", free << 10)
            code, err = ended(COMMANDS[name])
            answers.append({"command": name, "free": free, "code": code, "err": err})
            (folder / "ballast").unlink()
    sys.stdout.write(json.dumps(answers))


def ended(words: list[str]) -> tuple[int, str]:
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as err,
    ):
        return run(words), err.getvalue()


def fill(ballast: Path, free: int) -> None:
    """Take all room but ``free`` bytes."""
    room = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        file.write(b"\0" * max(0, room.f_bavail * room.f_frsize - free))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
