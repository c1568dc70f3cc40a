"""Serendipity against a popularity baseline."""

from __future__ import annotations

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Bool, Float64, Int64
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._context import Context
from recsys_cli.metrics._ranked import Ranked

_ROWS = 8192


class Serendipity(RankingMetric):
    """Serendipity: ``hits among the first k that popularity would not have listed / k``.

    Popularity's list is that of the model ``popular``: the k candidates with most training
    interactions that the user is not known for, equal ones by the lower index. So for each user it
    is ``|list ∩ relevant \\ popular list| / k``, then the mean over users. From 0 to 1, and never
    above ``precision``; ``popular`` itself has 0. No recommendation gives 0, and a list shorter
    than k cannot reach 1. A user without relevant items is not evaluated. Equal scores rank by the
    lower item index.

    It is the number of Ge et al. with popularity as primitive model and relevance as usefulness,
    over the recommended items; one may also divide by the unexpected ones alone. RecTools'
    ``Serendipity`` weighs hits by how much better the list places them than popularity does;
    Microsoft Recommenders' by how dissimilar they are to the user's history.

    References
    ----------
    Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy: evaluating recommender systems by coverage
    and serendipity", RecSys 2010. Kotkov, Veijalainen and Wang, "Challenges of serendipity in
    recommender systems", WEBIST 2016.
    """

    def definition(self, k: int | None) -> str:
        """Return what the number is."""
        return (
            f"hits among the first {k} that are not among the {k} most popular items new to the "
            f"user, divided by {k}, mean over users"
        )

    def per_user(self, ranked: Ranked, k: int) -> Float64:
        """Return the value of each user."""
        return ranked.hit_sum(_unexpected(ranked, k).astype(np.float64), k) / k


def _unexpected(ranked: Ranked, k: int) -> Bool:
    """Return which hits among the first k the popular items leave out; False for later hits."""
    from recsys_cli.kernels.lists import count_before

    context, hits = ranked.context, ranked.hits
    among = np.flatnonzero(hits.place <= k)
    place_of = context.once("popular places", lambda: _places(context))
    place = place_of[context.relevant.indices[hits.pair[among]]]
    row, known = context.seen_at[hits.row[among]], np.empty(len(among), np.int64)
    seen = (context.seen.indptr, context.seen.indices)
    threads.map_blocks(
        lambda start, stop: count_before(start, stop, row, place, *seen, place_of, known),
        len(among),
        _ROWS,
    )
    unexpected = np.zeros(len(hits.row), bool)
    unexpected[among] = place - known >= k
    return unexpected


def _places(context: Context) -> Int64:
    """Return each candidate's place by popularity, from 0; for other items one past the last."""
    order = context.by_popularity[context.candidates[context.by_popularity]]
    places = np.full(len(context.candidates), 2 * len(context.candidates))
    places[order] = np.arange(len(order))
    return places
