"""Model + split → a value a user → summary. Users are streamed in blocks; memory stays bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys_cli import statistics
from recsys_cli.answers import Answers, ask
from recsys_cli.data import Float32, Float64, Int32, Split
from recsys_cli.errors import DataError
from recsys_cli.heldout import HeldOut
from recsys_cli.listener import SILENT, Listener
from recsys_cli.metrics import ParsedMetric, parse
from recsys_cli.metrics._base import CatalogueMetric, Ranked, RankingMetric, RatingMetric
from recsys_cli.models._base import Model
from recsys_cli.spec import EvaluationSpec


@dataclass(frozen=True)
class MetricValue:
    """One number with its uncertainty and its meaning.

    Attributes
    ----------
    value : float
        Finite.
    ci95 : (float, float), optional
        95% interval over users; None when there is only one.
    users : int
        Users behind it.
    definition : str
    pairs : int, optional
        Test pairs behind a rating metric.
    """

    value: float
    ci95: tuple[float, float] | None
    users: int
    definition: str
    pairs: int | None = None


class Lists(NamedTuple):
    """What was recommended: users int32 (u,), items int32 (u, K), -1 past the end, and scores."""

    user_idx: Int32
    items: Int32
    scores: Float32


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What one model scored on one part of one split.

    Attributes
    ----------
    metrics : dict of str to MetricValue
        In the order of the spec.
    per_user : dict of str to ndarray, shape (n,)
        ``user_idx`` int32, ``relevant`` and ``pairs`` int64, then one float64 column a metric. A
        user without a relevant item has NaN in the ranking columns: it was not asked.
    counts : dict of str to int
    lists : Lists, optional
        Of the users with a relevant item, as long as the largest cutoff; None without a cutoff.
    """

    metrics: dict[str, MetricValue]
    per_user: dict[str, NDArray[Any]]
    counts: dict[str, int]
    lists: Lists | None = None

    def document(self) -> dict[str, Any]:
        """Return metrics and counts as JSON has them; ``pairs`` only where a metric has some."""
        plain = {name: asdict(value) for name, value in self.metrics.items()}
        for value in plain.values():
            if value["pairs"] is None:
                del value["pairs"]
        return {"metrics": plain, "counts": self.counts}


def estimate(
    name: str, per_user: Mapping[str, NDArray[Any]], total: float | None = None
) -> statistics.Estimate:
    """Return a metric's value with the influence of each user that has one, in table order.

    Parameters
    ----------
    name : str
        Of a metric.
    per_user : mapping of str to ndarray, shape (n,)
        The column of that name; for a rating metric also ``pairs``.
    total : float, optional
        The value of a catalogue metric, which does not follow from its column; others need none.
    """
    metric, column = parse(name).metric, per_user[name]
    counted = ~np.isnan(column)
    column = column[counted]
    if isinstance(metric, RatingMetric):
        pairs = per_user["pairs"][counted]
        loss = statistics.ratio(metric.unlink(column) * pairs, pairs)
        value = float(metric.link(np.asarray(loss.value)))
        return statistics.Estimate(value, metric.slope(loss.value) * loss.influence)
    return statistics.mean(column) if total is None else statistics.jackknife(total, column)


class Evaluator:
    """One part of a split made ready to score any number of models, or of epochs of one.

    Parameters
    ----------
    split : Split
    spec : EvaluationSpec
    part : {"test", "validation"}
        A test user's validation rows are known, and so never recommended.

    Raises
    ------
    SpecError
        If the split has no such part.
    DataError
        If the part has no row of a user that is wanted.
    """

    def __init__(
        self, split: Split, spec: EvaluationSpec, part: Literal["test", "validation"] = "test"
    ) -> None:
        self.part = HeldOut(split, spec, part)
        self._metrics = [parse(name) for name in spec.metrics]

    def describe(self) -> str:
        """Return one sentence: how many users, relevant items, candidates and rows."""
        n = self.part.counts()
        return (
            f"{n['users']:,} users ({n['cold_users']:,} cold), {n['relevant']:,} relevant items "
            f"among {n['candidates']:,} candidates, {n['pairs']:,} rows."
        )

    @property
    def all_new(self) -> bool:
        """Whether every relevant item is without training interactions."""
        n = self.part.counts()
        return n["cold_relevant_items"] == n["relevant"] > 0

    def evaluate(self, model: Model[Any], listener: Listener = SILENT) -> Evaluation:
        """Return all metrics of the spec; the listener hears of the users asked for.

        Raises
        ------
        SpecError
            If a rating metric is asked of a model that only ranks.
        DataError
            If a ranking metric is asked and no user has a relevant item.
        Diverged
            If a score or a predicted rating is not finite.
        """
        return self._measure(model, self._metrics, listener)

    def value(self, model: Model[Any], name: str) -> float:
        """Return one metric, of the spec or not, computing nothing else.

        Raises
        ------
        SpecError, DataError, Diverged
            As :meth:`evaluate`.
        """
        return self._measure(model, [parse(name)], SILENT).metrics[name].value

    def _measure(
        self, model: Model[Any], metrics: list[ParsedMetric], listener: Listener
    ) -> Evaluation:
        part, answers = self.part, self._ask(model, metrics, listener)
        ranked = self._ranked(answers)
        table: dict[str, NDArray[Any]] = {
            "user_idx": part.users,
            "relevant": part.n_relevant,
            "pairs": np.bincount(part.pair_at),
        }
        values = {}
        for parsed in metrics:
            table[parsed.name] = self._column(parsed, answers, ranked)
            values[parsed.name] = self._value(parsed, table, ranked)
        at = part.ranked_at
        depth = answers.items.shape[1]
        lists = Lists(part.users[at], ranked.items, answers.scores[at]) if depth else None
        return Evaluation(values, table, part.counts(), lists)

    def _ask(self, model: Model[Any], metrics: list[ParsedMetric], listener: Listener) -> Answers:
        kinds = {parsed.metric.kind for parsed in metrics}
        if kinds != {"rating"} and not len(self.part.ranked_at):
            raise DataError(
                "no user has a relevant item in the part to evaluate",
                where="evaluation.relevant",
                hint="lower relevant.min_value, or hold more out",
            )
        depth = max(parsed.k or 0 for parsed in metrics)
        return ask(
            model,
            self.part,
            listener,
            depth=min(depth, self.part.pairs.n_items),
            auc=any(parsed.metric.needs_auc for parsed in metrics),
            ratings="rating" in kinds,
        )

    def _ranked(self, answers: Answers) -> Ranked:
        part, at = self.part, self.part.ranked_at
        return Ranked(
            items=answers.items[at],
            hits=part.hits(at, answers.items[at]),
            n_relevant=part.n_relevant[at],
            item_counts=part.item_counts,
            n_candidates=int(part.candidates.sum()),
            auc=answers.auc[at],
        )

    def _column(self, parsed: ParsedMetric, answers: Answers, ranked: Ranked) -> Float64:
        part, metric = self.part, parsed.metric
        if isinstance(metric, RatingMetric):
            loss = metric.loss(part.pairs.value, answers.predicted)
            return metric.link(np.bincount(part.pair_at, weights=loss) / np.bincount(part.pair_at))
        assert isinstance(metric, RankingMetric | CatalogueMetric)
        column = np.full(len(part.users), np.nan)
        column[part.ranked_at] = metric.per_user(ranked, parsed.k or 0)
        return column

    def _value(
        self, parsed: ParsedMetric, table: Mapping[str, NDArray[Any]], ranked: Ranked
    ) -> MetricValue:
        name, metric, k = parsed
        total = metric.total(ranked, k or 0) if isinstance(metric, CatalogueMetric) else None
        found = estimate(name, table, total)
        return MetricValue(
            value=found.value,
            ci95=found.interval(*metric.bounds),
            users=len(found.influence),
            definition=metric.definition(k),
            pairs=len(self.part.pairs) if metric.kind == "rating" else None,
        )
