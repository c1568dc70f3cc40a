"""Whom ``recsys recommend`` is asked about: exactly one of users, a history, everyone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from recsys_cli.errors import SpecError
from recsys_cli.given import read_given
from recsys_cli.visible import quoted

#: Bytes of a file of user ids: some ten million of them.
_MOST = 256 << 20

UserOption = Annotated[list[str], typer.Option("--user", "-u", help="A user's id; repeatable.")]
UsersOption = Annotated[Path | None, typer.Option("--users", help="A file, one user id a line.")]
HistoryOption = Annotated[
    str | None,
    typer.Option(
        "--history",
        metavar="ITEM[:VALUE],…",
        help="What a new user interacted with, prepared as the run's data were. Without a value, "
        "an item is liked: it counts as the best rating, or as 1 where values are no ratings; a "
        "model that predicts ratings needs every value. Empty: somebody of whom nothing is known.",
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="Every user; needs --output.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write .parquet, .csv or .jsonl instead.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Fail for an unknown user.")]
SeenOption = Annotated[
    bool, typer.Option("--include-seen", help="Keep what the user already interacted with.")
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Name the items of the history that carry each one.")
]
TopOption = Annotated[
    int | None, typer.Option("--top", min=1, help="How many --explain names; 3 by default.")
]


@dataclass(frozen=True)
class Request:
    """User ids, each once (None: everyone), or the values of a history by item id."""

    users: list[str] | None = None
    history: dict[str, float | None] | None = None


def read(
    user: list[str], users: Path | None, history: str | None, everyone: bool, output: Path | None
) -> Request:
    """Return the request that the options make.

    Raises
    ------
    SpecError
        If they name nobody, or contradict each other.
    """
    ways = [bool(user or users), history is not None, everyone]
    if sum(ways) != 1:
        raise SpecError(
            "say for whom: --user ID, --users FILE, --history ITEM:VALUE,… or --all, one of them"
        )
    if everyone and output is None:
        raise SpecError("--all needs --output FILE", hint="such as -o recs.parquet")
    if history is not None and output is not None:
        raise SpecError("--history prints one list and takes no --output", hint="use --json")
    if history is not None:
        return Request(history=parse_history(history))
    if not all(map(_is_text, user)):
        raise SpecError("an id must be UTF-8 text", where="--user")
    return Request(users=None if everyone else list(dict.fromkeys(user + _lines(users))))


def _is_text(word: str) -> bool:
    """Say whether a word of the command line was UTF-8; other bytes come as lone surrogates."""
    return not any("\ud800" <= sign <= "\udfff" for sign in word)


def parse_history(text: str) -> dict[str, float | None]:
    """Return item id → value of ``50:5,172:4``; a value left out is None, an empty text no item.

    Raises
    ------
    SpecError
        If a part is malformed, repeats an item or has no finite value.
    """
    found: dict[str, float | None] = {}
    for part in text.split(",") if text.strip() else []:
        item, colon, value = part.strip().rpartition(":")
        if not colon:
            item = value
        if not item:
            raise SpecError(f"{quoted(part)} is no ITEM or ITEM:VALUE", where="--history")
        if item in found:
            raise SpecError(f"item {quoted(item)} is there twice", where="--history")
        found[item] = _number(value, part) if colon else None
    return found


def _number(value: str, part: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SpecError(f"the value in {quoted(part)} is no finite number", where="--history")
    return number


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        data = read_given(path, _MOST + 1)
        if len(data) > _MOST:
            hint = "--all is everyone"
            raise SpecError(f"has over {_MOST >> 20} MiB", where=str(path), hint=hint)
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise SpecError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise SpecError("is no UTF-8 text", where=f"{path}:{line}") from None
    ids = [line for line in text.split("\n") if line]
    if not ids:
        raise SpecError("holds no user id", where=str(path), hint="one id a line")
    return ids
