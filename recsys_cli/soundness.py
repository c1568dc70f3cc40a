"""Whether the parts of a spec, each sound by itself, can work together."""

from __future__ import annotations

from recsys_cli.errors import SpecError
from recsys_cli.metrics import parse
from recsys_cli.models import MODELS
from recsys_cli.spec import ExperimentSpec


def check(spec: ExperimentSpec, *, search: bool = False) -> None:
    """Raise SpecError where parts of a spec, each sound by itself, cannot work together.

    Parameters
    ----------
    search : bool
        Whether the ``search`` block is to be used, and so has to fit as well.
    """
    model = MODELS.create(spec.model)
    searched = spec.search if search else None
    needs = {
        "train.monitor": spec.train.monitor,
        "train.refit": spec.train.refit,
        "search.metric": searched,
    }
    needed = next((where for where, wanted in needs.items() if wanted), None)
    if needed and not getattr(spec.split, "validation", None):
        raise SpecError(
            "needs a validation part, and the split carves none",
            where=needed,
            hint="set split.validation",
        )
    epochs = getattr(spec.model, "epochs", None)
    every = spec.train.every
    if spec.train.monitor and epochs is not None and epochs // every * every < model.first_epoch:
        raise SpecError(
            f"is {every}, so that none of the model's {epochs} epochs would be validated",
            where="train.every",
            hint="lower train.every, or raise model.epochs",
        )
    watched = [("search.metric", searched.metric)] if searched else []
    watched += [("train.monitor", spec.train.monitor)] if spec.train.monitor else []
    for where, name in [*watched, *(("evaluation.metrics", n) for n in spec.evaluation.metrics)]:
        if parse(name).metric.kind == "rating" and not model.predicts_ratings:
            raise SpecError(
                f"{name} needs predicted ratings, and {model.spec_name()} only ranks",
                where=where,
                hint="take ranking metrics such as ndcg@10, or a rating model such as mf",
            )
    if spec.train.monitor and not model.stops_between_epochs:
        raise SpecError(
            f"{model.spec_name()} cannot stop between epochs, so there is none to choose",
            where="train.monitor",
            hint="leave train.monitor out",
        )
