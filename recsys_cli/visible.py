"""Text that cannot drive a terminal: what has no sign of its own is written as its escape."""

from __future__ import annotations

import unicodedata

#: Characters of a word of somebody else's that a message quotes.
_LONGEST = 60
#: Join letters of Persian or Hindi, and the parts of an emoji; they move nothing.
_JOINERS = "\u200c\u200d"
#: Controls, formats (those that turn the direction of text, or take no width), halves of a
#: surrogate pair, breaks of lines and paragraphs.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str, keep: str = "") -> str:
    r"""Return a text with such characters as ``\n``, ``\x1b`` or ``\u202e``, but for ``keep``.

    Titles and ids may hold anything; on a terminal they must not clear it, reverse what follows or
    look like other ones. Emoji and letters of all scripts stay as they are.
    """
    return text.translate({ord(sign): _escaped(sign) for sign in unseen(text) if sign not in keep})


def unseen(text: str) -> set[str]:
    """Return the characters of a text that have no sign of their own."""
    if text.isprintable():
        return set()
    return {sign for sign in {*text} - {*_JOINERS} if unicodedata.category(sign) in _UNSEEN}


def quoted(text: str) -> str:
    """Return a word for a message, between quotation marks."""
    return f'"{short(text)}"'


def short(text: str) -> str:
    """Return a word for a message: visible, and cut where it is long."""
    return visible(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
