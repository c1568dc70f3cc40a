"""Evaluation at the size of MovieLens 20M, stage by stage, against the matrix product alone.

All ranking metrics that there are, at @5 @10 @20 @100 where they have a cutoff. The product of
user and item factors, in the blocks and on the threads of ours, is the time that no exact answer
can beat; "times the product" is the median over the turns. The aim, 2.5 times the product for the
whole evaluation, is a ratio of 0.4. Data and factors are made up: a tenth of long-tailed ratings is
held out, those of 3 and more are relevant, items have genres and users a gender. Every evaluation
starts anew: nothing is left from the one before but the split and the model.

- The whole is one call: asking the model, the lists of 100 and the AUC of all users, then every
  metric with its interval. What its stages take adds up to more, for each family of metrics is
  judged by itself, and each time the held-out pairs are looked up in the lists.
- What can be done before there is a model, once for any number of them, is "making ready".
- Accuracy is what follows from the ranks of relevant items; the AUC costs as part of asking.
- Metrics on pairs of items are no part of the whole: `diversity-cooccurrence` looks at every pair
  of every list and counts the users of every pair of listed items.
- Memory is the peak of a process of its own over what it held with data and model loaded.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import _machine
from benchmarks._made_up import MadeUp, Shape, made_up
from benchmarks._measure import Row, in_turn, timed
from recsys_cli import threads
from recsys_cli.answers import Answers, ask
from recsys_cli.data import Split
from recsys_cli.evaluation import Evaluator
from recsys_cli.listener import SILENT
from recsys_cli.metrics import METRICS, parse
from recsys_cli.metrics._base import RankingMetric
from recsys_cli.metrics._groups import GroupMetric
from recsys_cli.metrics._hits import follows_from_hits
from recsys_cli.metrics._ips import Weighed
from recsys_cli.models._blocks import rows_at_once
from recsys_cli.spec import EvaluationSpec, RelevantSpec

_HOUSE = Path(__file__).parents[1]
FULL = Shape(users=138_493, items=26_744, interactions=17_000_000, factors=128)
SMALL = Shape(users=2000, items=1500, interactions=100_000, factors=16)
CUTOFFS = (5, 10, 20, 100)
AUC, PAIRWISE = "AUC", "on pairs of items"
Stages = dict[str, Callable[[], dict[str, float]]]
#: The aims: times the product, and megabytes.
_TIMES, _MEMORY = 2.5, 2000


def run(quick: bool) -> list[Row]:
    """Return a row for each stage, the whole, and its memory."""
    shape = SMALL if quick else FULL
    bench = Bench(made_up(shape))
    name = "{:,} users × {:,} items, {} factors".format(*shape[:2], shape.factors)
    rows = _rows(bench, name, 1 if quick else 3, None if quick else 1 / _TIMES)
    peak = _in_a_process(shape)
    return [*rows, Row(f"{name}: peak memory of the whole", [peak], within=_MEMORY, unit="MB")]


def _in_a_process(shape: Shape) -> float:
    """Return the peak memory of the whole in a fresh process."""
    code = "import sys; from benchmarks.evaluate import Shape, peak_memory; "
    code += "print(peak_memory(Shape(*map(int, sys.argv[1:]))))"
    command = [sys.executable, "-c", code, *map(str, shape)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_HOUSE, check=True)
    return float(done.stdout)


def families() -> dict[str, list[str]]:
    """Return the names of all ranking metrics at all cutoffs, by what they are about."""
    found: dict[str, list[str]] = {}
    for name in METRICS.names():
        cls = METRICS.get(name)
        if cls.kind != "rating":
            ends = [f"@{k}" for k in CUTOFFS] if cls.has_cutoff else [""]
            names = [cls.example(cutoff=end) for end in ends]
            found.setdefault(_family(names[0]), []).extend(names)
    return found


def _family(name: str) -> str:
    metric = parse(name).metric
    if metric.needs_auc:
        return AUC
    if metric.spec_name() == "diversity-cooccurrence":
        return PAIRWISE
    if isinstance(metric, Weighed):
        return "weighed by propensity"
    if isinstance(metric, GroupMetric):
        return "of groups"
    accuracy = isinstance(metric, RankingMetric) and follows_from_hits(metric)
    return "accuracy" if accuracy else "beyond accuracy"


class Bench:
    """The stages on one split; each method times one and returns seconds as ``{"fit": …}``."""

    def __init__(self, data: MadeUp) -> None:
        self.data = data
        self.answers = self._ask(self._evaluator(["auc"]), auc=True)

    def product(self) -> dict[str, float]:
        """The product alone."""
        users, items = self.data.model.user_factors_, self.data.model.item_factors_

        def block(start: int, stop: int) -> None:
            users[start:stop] @ items.T

        def work() -> None:
            with threads.single_blas():
                threads.map_blocks(block, len(users), rows_at_once(len(items)))

        return timed(work)

    def ready(self) -> dict[str, float]:
        """What is done before there is a model."""
        return timed(lambda: self._evaluator(["auc"]))

    def asked(self, *, auc: bool) -> dict[str, float]:
        """Scores and lists, and AUCs if they are wanted."""
        evaluator = self._evaluator(["auc"])
        return timed(lambda: self._ask(evaluator, auc=auc))

    def judged(self, metrics: list[str]) -> dict[str, float]:
        """Some metrics of answers that are there."""
        evaluator = self._evaluator(metrics)
        return timed(lambda: evaluator.judge(self.answers))

    def whole(self) -> dict[str, float]:
        """All that is asked for at once."""
        evaluator = self._evaluator(everything())
        return timed(lambda: evaluator.evaluate(self.data.model))

    def _evaluator(self, metrics: list[str]) -> Evaluator:
        spec = EvaluationSpec(metrics=metrics, relevant=RelevantSpec(min_value=3.0))
        train, test = self.data.split.train, self.data.split.test
        # Copies remember nothing that an evaluation before this one has found out.
        return Evaluator(Split(replace(train), replace(test)), spec, features=self.data.features)

    def _ask(self, evaluator: Evaluator, *, auc: bool) -> Answers:
        depth = max(CUTOFFS)
        return ask(self.data.model, evaluator.part, SILENT, depth=depth, auc=auc, ratings=False)


def everything() -> list[str]:
    """Return the names of all metrics but those on pairs of items."""
    return [name for family, names in families().items() if family != PAIRWISE for name in names]


def _rows(bench: Bench, name: str, repeats: int, aim: float | None) -> list[Row]:
    asked = families()
    stages: Stages = {
        "making ready": bench.ready,
        "asking for lists of 100": partial(bench.asked, auc=False),
        "asking for lists of 100 and the AUC": partial(bench.asked, auc=True),
    }
    for family, names in asked.items():
        if family not in (AUC, PAIRWISE):
            stages[f"{family}, {len(names)} metrics"] = partial(bench.judged, names)
    whole = f"the whole, {len(everything())} metrics"
    found = in_turn({"product": bench.product, **stages, whole: bench.whole}, repeats)
    pairs = f"{PAIRWISE}, {len(asked[PAIRWISE])} metrics"
    apart: Stages = {"product": bench.product, pairs: partial(bench.judged, asked[PAIRWISE])}
    return [
        _row(
            f"{name}: {stage}",
            sides[stage]["fit"],
            sides["product"]["fit"],
            aim if stage == whole else None,
        )
        for sides in (found, in_turn(apart, 1))
        for stage in sides
        if stage != "product"
    ]


def _row(case: str, ours: list[float], product: list[float], aim: float | None) -> Row:
    versus = f"matrix product alone, {threads.count()} threads, BLAS 1"
    times = median(np.divide(ours, product).tolist())
    return Row(case, ours, product, versus, {"times the product": [times]}, faster=aim)


def peak_memory(shape: Shape) -> float:
    """Return the peak of making ready and evaluating, in MB over what data and model take."""
    import psutil

    data = made_up(shape)
    before = psutil.Process().memory_info().rss
    spec = EvaluationSpec(metrics=everything(), relevant=RelevantSpec(min_value=3.0))
    Evaluator(data.split, spec, features=data.features).evaluate(data.model)
    return (_machine.peak_memory() - before) / 1e6
