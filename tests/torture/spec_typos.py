"""One-edit typos that mean exactly one word.

A typo of a word is that word with one letter put in, dropped, replaced, or swapped with the next;
letters are a–z, digits, ``-`` and ``_``. It counts if it is no word itself, and no other word that
could stand there is one such edit away from it as well: nobody could tell which one is meant.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from functools import cache
from random import Random

from tests.torture.spec_words import MARK, Word

LETTERS = string.ascii_lowercase + string.digits + "-_"


def typo(word: Word, rng: Random) -> str | None:
    """Return a typo of a word that counts, each kind of edit as likely; None if there is none."""
    kinds = [sorted(kind) for kind in _edits(word.text)]
    for _ in range(50):
        found = rng.choice(rng.choice(kinds) or [""])
        if counts(found, word):
            return found
    return None


def counts(found: str, word: Word) -> bool:
    """Say whether a typo of a word means that word alone."""
    if not found or found in word.among:
        return False
    if word.argv is not None and not _stays(found, word):
        return False
    return not any(found in one_off(other) for other in word.among if other != word.text)


def _stays(found: str, word: Word) -> bool:
    """Say whether a word of the command line is still an option, or still none."""
    if not word.text.startswith("-"):
        return not found.startswith("-")
    # ``-user`` is the option -u with the value "ser".
    return found.startswith("--") or (found.startswith("-") and found[:2] not in word.among)


@cache
def one_off(word: str) -> frozenset[str]:
    """Return all that is one edit away from a word."""
    return frozenset(found for kind in _edits(word) for found in kind)


def _edits(word: str) -> Iterator[set[str]]:
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    yield {a + letter + b for a, b in halves for letter in LETTERS}
    yield {a + b[1:] for a, b in halves if b}
    yield {a + letter + b[1:] for a, b in halves if b for letter in LETTERS} - {word}
    yield {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1} - {word}


def argv(word: Word, found: str) -> list[str]:
    """Return the command line of a word, misspelt."""
    assert word.argv is not None
    return [found if one == MARK else one for one in word.argv]
