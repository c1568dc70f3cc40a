"""Whom ``recsys recommend`` is asked about: exactly one of users, a history, everyone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recsys_cli.errors import SpecError


@dataclass(frozen=True)
class Request:
    """User ids (None: everyone), or the values of a history by item id."""

    users: list[str] | None = None
    history: dict[str, float] | None = None


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
    return Request(users=None if everyone else user + _lines(users))


def parse_history(text: str) -> dict[str, float]:
    """Return item id → value of ``50:5,172:4``; a value left out is 1."""
    found: dict[str, float] = {}
    for part in text.split(","):
        item, colon, value = part.strip().rpartition(":")
        if not colon:
            item, value = value, "1"
        if not item or item in found:
            raise SpecError(f'"{part}" is no ITEM or ITEM:VALUE, or repeats one', where="--history")
        found[item] = _number(value, part)
    return found


def _number(value: str, part: str) -> float:
    import math

    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SpecError(f'the value in "{part}" is no finite number', where="--history")
    return number


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise SpecError("no such file", where=str(path)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"cannot be read as UTF-8 text: {error}", where=str(path)) from None
    ids = [line for line in lines if line]
    if not ids:
        raise SpecError("holds no user id", where=str(path), hint="one id a line")
    return ids
