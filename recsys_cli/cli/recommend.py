"""``recsys recommend``: ranked items with titles, from the run folder alone."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys_cli.cli import _options, _request
from recsys_cli.errors import SpecError

if TYPE_CHECKING:
    from recsys_cli.serving import Recommendations, Recommender

NAME = "recommend"
#: Reasons that --explain names of each item where --top does not say how many.
_REASONS = 3
#: What only models of ratings say of an item.
_RATING = ("rating", "std")


def command(
    run: _options.RunArgument = "latest",
    user: _request.UserOption = [],
    users: _request.UsersOption = None,
    history: _request.HistoryOption = None,
    everyone: _request.AllOption = False,
    k: _options.CountOption = 10,
    output: _request.OutputOption = None,
    strict: _request.StrictOption = False,
    include_seen: _request.SeenOption = False,
    explain: _request.ExplainOption = False,
    top: _request.TopOption = None,
    fold: _options.FoldOption = None,
    runs: _options.RunsOption = Path("runs"),
    threads: _options.ThreadsOption = None,
    json: _options.JsonOption = False,
) -> None:
    """Recommend to users by id, to everyone, or to a history.

    A model of ratings shows the rating expected, clipped to the scale, and ± its standard deviation
    where it knows that (bayesian-mf). --json and --output have both ("rating", "std") beside the
    score, by which items are ranked.

    With --explain the items of the history that add most to each score are named: with their share
    of the score, or, if scores are ratings, with what they add to the rating. --json has both
    ("part", "share"), and a score is "base" (means and biases) + "carried" (by the whole history)
    + "rest" (what else training made of this user; 0 for one it never saw).
    """
    from recsys_cli.cli import _lists, render
    from recsys_cli.cli._screen import screen
    from recsys_cli.runs import Store
    from recsys_cli.serving import Recommender
    from recsys_cli.threads import use

    asked = _request.read(user, users, history, everyone, output)
    if explain and output is not None:
        raise SpecError("--explain prints and takes no --output", hint="use --json")
    if top is not None and not explain:
        raise SpecError("--top says how many --explain names", hint="use both, or neither")
    found = Store(runs).find(run)
    with use(threads), screen() as listener:
        recommender = Recommender(found.fold(fold), exclude_seen=not include_seen)
        if strict:
            recommender.require(asked.users or [])
        if output is not None:
            from recsys_cli.export import write

            rows = write(recommender, asked.users, k, output, listener)
            listener.note(f"{rows:,} recommendations are in {output}.")
            return
        lists = _found(recommender, asked, k, (top or _REASONS) if explain else None)
    if json:
        render.print_json([asdict(one, dict_factory=_said) for one in lists])
    else:
        for one in lists:
            _lists.recommendations(one, ratings=recommender.model.predicts_ratings)


def _said(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a document without the rating and the deviation that a model does not tell."""
    return {key: value for key, value in pairs if value is not None or key not in _RATING}


def _found(
    recommender: Recommender, asked: _request.Request, k: int, top: int | None
) -> list[Recommendations]:
    """Return the lists asked for, each item with its ``top`` reasons unless that is None."""
    users = asked.users or []
    if top is None:
        if asked.history is None:
            return recommender.for_users(users, k)
        return [recommender.for_history(asked.history, k)]
    from recsys_cli import reasons

    if asked.history is None:
        return reasons.for_users(recommender, users, k, top)
    return [reasons.for_history(recommender, asked.history, k, top)]
