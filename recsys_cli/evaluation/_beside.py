"""Values among candidate lists: what they are called, and what stands beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recsys_cli import statistics
from recsys_cli.answers import Answers
from recsys_cli.candidates import CandidateLists
from recsys_cli.evaluation._correction import can_correct, corrected
from recsys_cli.evaluation._measured import Measured
from recsys_cli.evaluation._values import Beside, Evaluation
from recsys_cli.heldout import HeldOut
from recsys_cli.metrics import ParsedMetric, parse


def named(found: Evaluation, part: HeldOut, lists: CandidateLists) -> Evaluation:
    """Return an evaluation of candidate lists that says in each definition what it is."""
    says = f", each user's relevant items ranked only among {lists.describe(part.ranked_at)}"
    values = {
        name: value
        if parse(name).metric.kind == "rating"
        else replace(value, definition=value.definition + says)
        for name, value in found.metrics.items()
    }
    counts = {
        "listed_candidates": len(lists.items.indices),
        "left_out_candidates": lists.left_out,
    }
    return replace(found, metrics=values, counts=found.counts | counts)


def with_correction(
    found: Evaluation,
    metrics: Sequence[ParsedMetric],
    part: HeldOut,
    lists: CandidateLists,
    answers: Answers,
) -> Evaluation:
    """Return an evaluation with what the lists alone say of the full ranking beside its values.

    That is known for lists drawn uniformly and one relevant item a user; else nothing is added.
    """
    at = part.ranked_at
    if not lists.uniform or answers.place is None or (part.n_relevant[at] > 1).any():
        return found
    fit = [parsed for parsed in metrics if can_correct(parsed)]
    columns = corrected(fit, answers.place[at], lists.n_others[at], lists.n_irrelevant[at])
    values, table = dict(found.metrics), dict(found.per_user)
    for name, column in columns.items():
        estimate = statistics.mean(column)
        values[name] = replace(values[name], corrected=Beside(estimate.value, estimate.interval()))
        table[f"{name} (corrected)"] = np.full(len(part.users), np.nan)
        table[f"{name} (corrected)"][at] = column
    return replace(found, metrics=values, per_user=table)


def with_full(found: Evaluation, full: Measured) -> Evaluation:
    """Return an evaluation with the values of the full ranking beside its own."""
    values = {
        name: replace(found.metrics[name], full=Beside(one.value, one.ci95))
        for name, one in full.values.items()
    }
    columns = {f"{name} (full)": full.table[name] for name in values}
    return replace(found, metrics=found.metrics | values, per_user=found.per_user | columns)
