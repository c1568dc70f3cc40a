"""Invented film titles, and the words for genres and user attributes."""

from __future__ import annotations

from math import gcd

from recsys_cli.data import Int64


def _words(text: str) -> list[str]:
    return text.split()


GENRES = _words(
    "Drama Comedy Thriller Action Romance Adventure Crime Family Horror Fantasy Mystery Musical "
    "War Animation Documentary Western Noir Sport"
)
GENDERS = ["male", "female", "other"]
OCCUPATIONS = _words(
    "student teacher engineer nurse clerk librarian programmer writer salesperson scientist "
    "manager artist carpenter farmer lawyer retired"
)

_ADJECTIVES = _words(
    "Amber Bitter Blind Borrowed Broken Careless Crimson Crooked Distant Electric Empty Endless "
    "Faithful Fallen Forgotten Frozen Gentle Golden Hidden Hollow Honest Hungry Idle Jealous Last "
    "Lonely Lucky Midnight Narrow Northern Paper Patient Quiet Reckless Restless Rusty Sacred "
    "Scarlet Second Secret Silent Silver Sleeping Stolen Stubborn Sudden Tender Velvet Wandering "
    "Wild"
)
_NOUNS = _words(
    "Anchor Autumn Bridge Captain Carnival Clock Comet Compass Corridor Dancer Daughter Desert "
    "Detective Empire Engine Ferry Fiddler Gambler Garden Ghost Harbour Heart Horizon Hotel "
    "Island Journey Kingdom Lantern Letter Lighthouse Machine Mirror Mountain Neighbour Orchard "
    "Orchestra Parade Photograph Pilot Promise Railway River Shadow Stranger Summer Telegram "
    "Thief Tower Valley Winter"
)
_PATTERNS = (
    "The {a} {n}",
    "{a} {n}",
    "Every {a} {n}",
    "My {a} {n}",
    "Return of the {a} {n}",
    "Beyond the {a} {n}",
    "One {a} {n}",
    "Farewell, {a} {n}",
)


def titles(years: Int64) -> list[str]:
    """Return one title an item, all different, each ending in its year in brackets."""
    return [f"{_title(index)} ({year})" for index, year in enumerate(years.tolist())]


def _title(index: int) -> str:
    n_titles = len(_ADJECTIVES) * len(_NOUNS) * len(_PATTERNS)
    sequel, index = divmod(index, n_titles)
    index = index * _stride(n_titles) % n_titles
    index, pattern = divmod(index, len(_PATTERNS))
    noun, adjective = divmod(index, len(_ADJECTIVES))
    title = _PATTERNS[pattern].format(a=_ADJECTIVES[adjective], n=_NOUNS[noun])
    return f"{title}, Part {sequel + 1}" if sequel else title


def _stride(n: int) -> int:
    """Return a step that visits all of ``range(n)`` out of order."""
    step = int(n * 0.618)
    while gcd(step, n) > 1:
        step += 1
    return step
