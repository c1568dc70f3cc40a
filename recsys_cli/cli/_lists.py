"""Tables of recommended and similar items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import render

if TYPE_CHECKING:
    from recsys_cli.serving import Recommendations, Scored


def recommendations(found: Recommendations, *, ratings: bool = False) -> None:
    """Print the list of one user, after the note that goes with it.

    Of a model of ratings it shows the rating expected, not the score. Reasons are told by what they
    add to the score where scores are ``ratings``, else by share.
    """
    if found.note:
        render.note(f"Note: {found.note}.")
    who = "this history" if found.user is None else f"user {found.user}"
    said = "score" if all(one.rating is None for one in found.items) else "rating"
    scored(f"Top {len(found.items)} for {who}", found.items, said, ratings=ratings)


def scored(title: str, items: Sequence[Scored], score: str, *, ratings: bool = False) -> None:
    """Print items with their titles, where there are any, and their values, best first."""
    titled = any(one.title is not None for one in items)
    explained = any(hasattr(one, "because") for one in items)
    rows = [
        [
            str(rank),
            one.item,
            *([one.title or "–"] if titled else []),
            _value(one),
            *([_because(one, ratings)] if explained else []),
        ]
        for rank, one in enumerate(items, 1)
    ]
    columns = [">#", "item", *(["title"] if titled else []), f">{score}"]
    render.print_table(title, columns + (["because of"] if explained else []), rows)


def _value(one: Any) -> str:
    """Return the rating expected of an item, with its deviation; its score where there is none."""
    rating, std = getattr(one, "rating", None), getattr(one, "std", None)
    if rating is None:
        return f"{one.score:.4f}"
    return f"{rating:.2f}" if std is None else f"{rating:.2f} ± {std:.2f}"


def _because(one: Any, ratings: bool) -> str:
    """Return the items of the history that carry an explained one, and how much each does."""
    said = ["mostly the item's own bias"] if one.is_own else []
    for reason in one.because:
        by_part = ratings or reason.share is None
        much = f"{reason.part:+.2f}" if by_part else f"{reason.share:.0%}"
        said.append(f"{reason.title or reason.item} {much}")
    return "; ".join(said) or "–"
