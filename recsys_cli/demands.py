"""What the evaluation of a spec needs of the data: asked before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

from recsys_cli.candidates import fingerprint
from recsys_cli.data import Dataset, Interactions
from recsys_cli.errors import DataError, SpecError
from recsys_cli.metrics import parse
from recsys_cli.metrics._base import Metric
from recsys_cli.metrics._ips import Weighed, all_relevant
from recsys_cli.propensities import require_weights
from recsys_cli.shortlists import CandidateListsSpec
from recsys_cli.spec import EvaluationSpec, ExperimentSpec


def check(spec: ExperimentSpec, dataset: Dataset, objective: str | None = None) -> None:
    """Raise where the data lack what the metrics of a spec, or of a search, need.

    What hangs on how the data are split is found when a fold is evaluated.

    Raises
    ------
    SpecError
        If a metric reads features that the data lack.
    DataError
        If no interaction is relevant, or those weighed are all relevant or have no weights.
    NotFound
        If the file of candidates is not there.
    """
    _features(spec, dataset, objective)
    asked = spec.evaluation
    if isinstance(asked.candidates, CandidateListsSpec):
        fingerprint(asked.candidates)
    metrics = [parse(name).metric for name in asked.metrics]
    _relevant(asked, metrics, dataset.interactions)
    if asked.propensity.source == "weights" and any(isinstance(one, Weighed) for one in metrics):
        require_weights(dataset.interactions)


def _features(spec: ExperimentSpec, dataset: Dataset, objective: str | None) -> None:
    named = [("evaluation.metrics", name) for name in spec.evaluation.metrics]
    named += [("train.monitor", spec.train.monitor)] if spec.train.monitor else []
    named += [("search.metric", objective)] if objective else []
    for where, name in named:
        try:
            parse(name).metric.check(dataset.features)
        except SpecError as error:
            raise error.within(where) from None


def _relevant(asked: EvaluationSpec, metrics: Sequence[Metric], data: Interactions) -> None:
    low = asked.relevant.min_value
    ranking = any(metric.kind != "rating" for metric in metrics)
    if ranking and low is not None and data.value.max() < low:
        raise DataError(
            f"is {low:g}, and no interaction has a value above {data.value.max():g}, so none is "
            "relevant",
            where="evaluation.relevant.min_value",
            hint="lower it; values are those that dataset.prepare leaves",
        )
    if low is None or data.value.min() >= low:
        rare = [m for m in metrics if isinstance(m, Weighed) and m.counts_all_users]
        if rare:
            raise all_relevant(rare[0].spec_name())
