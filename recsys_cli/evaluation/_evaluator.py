"""Evaluator: one part of a split, to which any model is put."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np

from recsys_cli.answers import Answers, ask
from recsys_cli.candidates import CandidateLists, candidate_lists
from recsys_cli.conventions._base import Convention, Evidence
from recsys_cli.data import CSR, SideFeatures, Split
from recsys_cli.errors import DataError
from recsys_cli.evaluation._beside import named, with_correction, with_full
from recsys_cli.evaluation._measured import measured
from recsys_cli.evaluation._values import Evaluation, Lists
from recsys_cli.heldout import HeldOut
from recsys_cli.listener import SILENT, Listener
from recsys_cli.metrics import ParsedMetric, parse
from recsys_cli.metrics._context import Context
from recsys_cli.metrics._ranked import Ranked
from recsys_cli.models._base import Model
from recsys_cli.outcomes import outcomes
from recsys_cli.propensities import weigh
from recsys_cli.shortlists import CandidateListsSpec
from recsys_cli.spec import EvaluationSpec


class Evaluator:
    """One part of a split made ready to score any number of models, or of epochs of one.

    Parameters
    ----------
    split : Split
    spec : EvaluationSpec
    part : {"test", "validation"}
        A test user's validation rows are known, and so never recommended.
    features : SideFeatures, optional
        Of the dataset, for metrics that read them.

    Attributes
    ----------
    part : HeldOut
    lists : CandidateLists, optional
        Those that relevant items are ranked in; None where all candidates are ranked.

    Raises
    ------
    SpecError
        If the split has no such part.
    DataError
        If the part has no row of a user that is wanted, or the candidate lists do not fit it.
    NotFound
        If the file of candidate lists is not there.
    """

    def __init__(
        self,
        split: Split,
        spec: EvaluationSpec,
        part: Literal["test", "validation"] = "test",
        *,
        features: SideFeatures | None = None,
    ) -> None:
        self.part = HeldOut(split, spec, part)
        self.lists: CandidateLists | None = None
        if isinstance(spec.candidates, CandidateListsSpec):
            self.lists = candidate_lists(self.part, spec.candidates, part)
        self._propensity = spec.propensity
        self._metrics = [parse(name) for name in spec.metrics]
        self._features = features or SideFeatures()

    def describe(self) -> str:
        """Return one sentence: how many users, relevant items, candidates and rows."""
        n = self.part.counts()
        return (
            f"{n['users']:,} users ({n['cold_users']:,} cold), {n['relevant']:,} relevant items "
            f"among {n['candidates']:,} candidates, {n['pairs']:,} rows."
        )

    @property
    def warning(self) -> str | None:
        """What to know of values among candidate lists; None where all candidates are ranked."""
        if self.lists is None:
            return None
        says = (
            "Warning: relevant items are ranked only among "
            f"{self.lists.describe(self.part.ranked_at)}. Such values are above those of a full "
            "ranking, and may order models otherwise (Krichene and Rendle 2020): judge by the full "
            "ranking."
        )
        if self.lists.left_out:
            says += (
                f" {self.lists.left_out:,} candidates given are left out: unknown, known to the "
                "user already, or without training interactions."
            )
        return says

    @property
    def all_new(self) -> bool:
        """Whether every relevant item is without training interactions."""
        n = self.part.counts()
        return n["cold_relevant_items"] == n["relevant"] > 0

    def evaluate(
        self,
        model: Model[Any],
        listener: Listener = SILENT,
        conventions: Sequence[Convention] = (),
    ) -> Evaluation:
        """Return all metrics of the spec; the listener hears of the users asked for.

        Where the spec gives candidate lists, the full ranking is asked for as well, and its values
        stand beside those among the candidates. So does what each of ``conventions`` reports.

        Raises
        ------
        SpecError
            If a rating metric is asked of a model that only ranks, or the data lack the features
            that a metric reads.
        DataError
            If a ranking metric is asked and no user has a relevant item, or it leaves all out.
        Diverged
            If a score or a predicted rating is not finite.
        """
        self._check(self._metrics)
        found = self.judge(self._ask(model, self._metrics, listener), conventions)
        ranking = [parsed for parsed in self._metrics if parsed.metric.kind != "rating"]
        if self.lists is None or not ranking:
            return found
        full = measured(
            self.part, self._context, ranking, self._ask(model, ranking, listener, full=True)
        )
        return with_full(found, full)

    def judge(self, answers: Answers, conventions: Sequence[Convention] = ()) -> Evaluation:
        """Return all metrics of the spec for answers that are there already.

        Raises
        ------
        SpecError, DataError
            As :meth:`evaluate`.
        """
        self._check(self._metrics)
        part, at = self.part, self.part.ranked_at
        found = measured(part, self._context, self._metrics, answers)
        depth = answers.items.shape[1]
        lists = Lists(part.users[at], answers.items[at], answers.scores[at]) if depth else None
        said = self._said(answers, conventions)
        counts = part.counts() | self._tied(answers)
        whole = Evaluation(*found, counts, lists, outcomes(part, answers), said)
        if self.lists is None:
            return whole
        whole = named(whole, part, self.lists)
        return with_correction(whole, self._metrics, part, self.lists, answers)

    def _tied(self, answers: Answers) -> dict[str, int]:
        """Return how many lists a tie cuts at some cutoff, so that the order of items decides."""
        cutoffs = sorted({parsed.k for parsed in self._metrics if parsed.k is not None})
        if answers.next is None or not cutoffs:
            return {}
        at = self.part.ranked_at
        scores = np.column_stack([answers.scores[at], answers.next[at]])
        last = np.array([k for k in cutoffs if k < scores.shape[1]], np.int64) - 1
        cut = (scores[:, last] == scores[:, last + 1]) & np.isfinite(scores[:, last])
        return {"tied_lists": int(cut.any(axis=1).sum())}

    def _said(self, answers: Answers, conventions: Sequence[Convention]) -> dict[str, Any]:
        part, at = self.part, self.part.ranked_at
        ranked = Ranked(answers.items[at], self._context, answers.auc[at])
        evidence = Evidence(ranked, part.pairs.value, answers.predicted, part.pair_at)
        return {one.spec_name(): one.report(self._metrics, evidence) for one in conventions}

    def value(self, model: Model[Any], name: str) -> float:
        """Return one metric, of the spec or not, computing nothing else.

        Raises
        ------
        SpecError, DataError, Diverged
            As :meth:`evaluate`.
        """
        metrics = [parse(name)]
        self._check(metrics)
        answers = self._ask(model, metrics, SILENT)
        return measured(self.part, self._context, metrics, answers).values[name].value

    def _check(self, metrics: Sequence[ParsedMetric]) -> None:
        for parsed in metrics:
            parsed.metric.check(self._features)
        if {parsed.metric.kind for parsed in metrics} != {"rating"} and not len(
            self.part.ranked_at
        ):
            raise DataError(
                "no user has a relevant item in the part to evaluate",
                where="evaluation.relevant",
                hint="lower relevant.min_value, or hold more out",
            )

    def _ask(
        self,
        model: Model[Any],
        metrics: Sequence[ParsedMetric],
        listener: Listener,
        *,
        full: bool = False,
    ) -> Answers:
        depth = max(parsed.k or 0 for parsed in metrics)
        return ask(
            model,
            self.part,
            listener,
            depth=min(depth, self.part.pairs.n_items),
            auc=any(parsed.metric.needs_auc for parsed in metrics),
            ratings=any(parsed.metric.kind == "rating" for parsed in metrics),
            lists=None if full else self.lists,
        )

    @cached_property
    def _context(self) -> Context:
        part, at, propensity = self.part, self.part.ranked_at, self._propensity
        # Other users have no relevant item, so leaving out their rows leaves out nothing else.
        indptr = np.append(part.relevant.indptr[at], len(part.relevant.indices))
        return Context(
            users=part.users[at],
            relevant=CSR(indptr, *part.relevant[1:]),
            seen=part.seen,
            seen_at=at,
            candidates=part.candidates,
            train=part.split.train,
            weigh=lambda: weigh(part, propensity),  # not self: a cycle keeps all of a fold alive
            features=self._features,
        )
