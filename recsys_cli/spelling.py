"""What a misspelt word means: keys, values, names, commands and options are all guessed alike."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a misspelt one most likely means, if any is near enough.

    Case does not count, nor do hyphens for underscores, nor ``+`` for ``p`` (plus). Fewest edits
    count first, so that one wrong letter is found even in a word of one letter (equally few: a
    doubled letter before any other mistake, then equal lengths); then what the two have in common,
    which finds abbreviations.
    """
    names = {_fold(name): name for name in known}
    asked = _fold(word)
    most = max(1, len(word) // 3)
    close = [name for name in [*names, ""] if abs(len(name) - len(asked)) <= most]
    ranked = (
        (_distance(asked, name), _once(asked) != _once(name), abs(len(asked) - len(name)), at, name)
        for at, name in enumerate(close)
    )
    edits, *_, best = min(ranked, default=(most + 1, ""))
    if edits <= most and best:
        return names[best]
    alike = difflib.get_close_matches(asked, names, n=1)
    return names[alike[0]] if alike else None


def _fold(word: str) -> str:
    return word.lower().replace("-", "_").replace("+", "p")


def _once(word: str) -> str:
    """Return the word with each doubled letter written once."""
    return re.sub(r"(.)\1+", r"\1", word)


def _distance(a: str, b: str) -> int:
    """Return the edits from a to b: letters dropped, added, replaced, or swapped with the next."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and other == a[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
