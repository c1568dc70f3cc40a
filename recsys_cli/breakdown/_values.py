"""A run's metrics group by group: by what is known of its users, or of what they were asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recsys_cli.breakdown._attributes import column_of
from recsys_cli.breakdown._groups import BUILT_IN, Asked, Group, by_column, grouped
from recsys_cli.breakdown._measured import TOGETHER, measured
from recsys_cli.data import Int32, Int64
from recsys_cli.errors import SpecError
from recsys_cli.evaluation import estimate
from recsys_cli.listener import SILENT, Listener
from recsys_cli.metrics import ParsedMetric, parse
from recsys_cli.metrics._base import RankingMetric, RatingMetric
from recsys_cli.metrics._hits import HitsOnly, follows_from_hits
from recsys_cli.runs import Run
from recsys_cli.statistics import Estimate, Method, average

#: Why a metric has no value for a group.
_WHOLE_LISTS = "is about whole lists, not about single relevant items"


@dataclass(frozen=True)
class Part:
    """One metric of one group.

    Attributes
    ----------
    metric, group : str
    low, high : float, optional
        The range that the group spans, of items in the history, interactions or the column's own.
    value : float, optional
        None for a group without a user.
    ci95 : (float, float), optional
        95% interval over users; None below two.
    interval : str, optional
        How ``ci95`` is made: wilson, log-t or t.
    users : int
        Users behind the value.
    pairs : int, optional
        Relevant pairs behind it, or rated ones, in a breakdown by pairs.
    share : float
        Of all users of the metric, or in a breakdown by pairs of all its pairs.
    """

    metric: str
    group: str
    low: float | None
    high: float | None
    value: float | None
    ci95: tuple[float, float] | None
    interval: Method | None
    users: int
    pairs: int | None
    share: float


@dataclass(frozen=True)
class Breakdown:
    """The metrics of a run by groups of its test users, or of its test pairs.

    ``of`` is ``users`` or ``pairs``; ``left_out`` says why a metric has no value for a group.
    """

    run: str
    by: str
    of: str
    definition: str
    parts: list[Part]
    left_out: dict[str, str]


class _Cell(NamedTuple):
    """One metric of one group in one fold: the estimate, who is behind it, how many are."""

    found: Estimate
    users: Int32
    pairs: int


def breakdown(
    run: Run,
    by: str,
    *,
    metrics: Sequence[str] = (),
    fold: str | None = None,
    listener: Listener = SILENT,
) -> Breakdown:
    """Return the metrics of an evaluated run by groups.

    In a breakdown by pairs every relevant item is in the group of its item (in several, if the
    column has several labels), and a ranking metric is what it would be if only the items of the
    group were relevant, at the ranks that they have in the whole list. Over several folds values
    are averaged, over the folds in which the group has users.

    Parameters
    ----------
    by : str
        ``activity``, ``cold``, ``popularity``, ``repeat``, or a column of user or item features.
    metrics : sequence of str
        Those to break down; all of the run by default.
    fold : str, optional
        One of the folds; all by default.

    Raises
    ------
    NotFound
        If the run is not evaluated, or its data, which hold the columns, are not there.
    SpecError
        If there is no such column or metric, or none of the metrics has a value for a group.
    SplitMismatch
        If the data that hold the columns are not those of the run.
    """
    asked = [Asked(run, name) for name in ([fold] if fold else run.fold_names)]
    wanted = [parse(name) for name in measured(run, metrics)]
    if by in BUILT_IN:
        of, definition = BUILT_IN[by]
        groups = [list(grouped(one, by)) for one in asked]
    else:
        column = column_of(run, by, listener)
        of = "users" if column.side == "users" else "pairs"
        definition = column.definition
        groups = [list(by_column(one, column)) for one in asked]
    left_out = {parsed.name: why for parsed in wanted if (why := _no_value(parsed, of))}
    wanted = [parsed for parsed in wanted if parsed.name not in left_out]
    if not wanted:
        told = "; ".join(f"{name} {why}" for name, why in left_out.items())
        raise SpecError(f"no metric of the run can be broken down by {by}: {told}", where=run.id)
    parts = [part for parsed in wanted for part in _parts(parsed, of, asked, groups)]
    return Breakdown(run.id, by, of, definition, parts, left_out)


def _no_value(parsed: ParsedMetric, of: str) -> str | None:
    """Return why a metric cannot be broken down; None where it can."""
    if parsed.metric.kind == "catalogue":
        return TOGETHER
    if of == "users" or isinstance(parsed.metric, RatingMetric):
        return None
    assert isinstance(parsed.metric, RankingMetric)
    return None if follows_from_hits(parsed.metric) else _WHOLE_LISTS


def _parts(
    parsed: ParsedMetric, of: str, asked: Sequence[Asked], groups: Sequence[Sequence[Group]]
) -> Iterator[Part]:
    """Yield the metric of every group, in the order in which the folds bring them."""
    cell = _of_users if of == "users" else _of_pairs
    names = dict.fromkeys(group.name for fold in groups for group in fold)
    everyone = [cell(one, parsed, None) for one in asked]
    total = sum(_size(one, of) for one in everyone)
    for name in names:
        there = [
            (group, cell(one, parsed, group.rows))
            for one, fold in zip(asked, groups, strict=True)
            for group in fold
            if group.name == name
        ]
        cells = [found for _, found in there if found is not None]
        spans = [(group.low, group.high) for group, _ in there if group.low is not None]
        whole = _averaged(cells)
        yield Part(
            metric=parsed.name,
            group=name,
            low=min((low for low, _ in spans if low is not None), default=None),
            high=max((high for _, high in spans if high is not None), default=None),
            value=None if whole is None else whole.value,
            ci95=None if whole is None else whole.interval(*parsed.metric.bounds),
            interval=None if whole is None else whole.method(*parsed.metric.bounds),
            users=0 if whole is None else len(whole.influence),
            pairs=None if of == "users" else sum(one.pairs for one in cells),
            share=sum(_size(one, of) for one in cells) / max(1, total),
        )


def _size(cell: _Cell | None, of: str) -> int:
    return 0 if cell is None else len(cell.users) if of == "users" else cell.pairs


def _averaged(cells: Sequence[_Cell]) -> Estimate | None:
    if len(cells) < 2:
        return cells[0].found if cells else None
    return average([one.found for one in cells], [one.users for one in cells])


def _of_users(asked: Asked, parsed: ParsedMetric, rows: Int64 | None) -> _Cell | None:
    """Return a metric over some of the test users; None where none of them has a value."""
    table = asked.users
    has = np.flatnonzero(~np.isnan(table[parsed.name]))
    rows = has if rows is None else rows[np.isin(rows, has)]
    if not len(rows):
        return None
    columns = {name: table[name][rows] for name in ("pairs", parsed.name)}
    found = estimate(parsed.name, columns)
    return _Cell(found, asked.user_idx[rows], int(columns["pairs"].sum()))


def _of_pairs(asked: Asked, parsed: ParsedMetric, rows: Int64 | None) -> _Cell | None:
    """Return a metric over some of the test pairs; None where it is about none of them."""
    pairs = asked.pairs
    rows = np.arange(len(pairs["rank"])) if rows is None else rows
    metric = parsed.metric
    if not isinstance(metric, RatingMetric):
        rows = rows[pairs["relevant"][rows]]
    if not len(rows):
        return None
    some = {name: column[rows] for name, column in pairs.items()}
    users, at = np.unique(some["user_idx"], return_inverse=True)
    count = np.bincount(at)
    if isinstance(metric, RatingMetric):
        loss = metric.loss(some["value"], some["predicted"])
        column = metric.link(np.bincount(at, weights=loss) / count)
    else:
        assert isinstance(metric, RankingMetric)
        column = metric.per_user(HitsOnly.of(at, some, parsed.k or 0), parsed.k or 0)
    if np.isnan(column).all():
        return None
    found = estimate(parsed.name, {parsed.name: column, "pairs": count})
    return _Cell(found, users[~np.isnan(column)], len(rows))
