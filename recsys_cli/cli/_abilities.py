"""What ``recsys list models`` says that a model can do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

#: What is said of an ability that the parameters of a model decide.
VARIES = "by parameters"


def of_model(cls: Any) -> dict[str, Any]:
    """Return what a model learns from (explicit, implicit or either) and which abilities it has.

    An ability is True or False, or :data:`VARIES` where it depends on the parameters.
    """
    instances = list(_instances(cls))

    def fact(name: str) -> Any:
        found = {getattr(model, name) for model in instances}
        return found.pop() if len(found) == 1 else VARIES

    feedback = fact("feedback")
    nested = isinstance(getattr(cls, "explain", None), property)  # of what it is made of
    return {
        "feedback": "either" if feedback == VARIES else feedback,
        "abilities": {
            "ranking": True,
            "fold-in": True,
            "ratings": fact("predicts_ratings"),
            "new items": fact("scores_new_items"),
            "similar": hasattr(cls, "similar_items"),
            "explain": VARIES if nested else hasattr(cls, "explain"),
            "early stopping": cls.stops_between_epochs,
            "weights": fact("uses_weights"),
            "deterministic": fact("deterministic"),
        },
    }


def _instances(cls: Any) -> Iterator[Any]:
    """Yield the model with its defaults, then with each other word that a parameter may be.

    Nothing is yielded of a model that cannot be made from defaults.
    """
    from pydantic import ValidationError

    words = [
        {name: word}
        for name, field in cls.Config.model_fields.items()
        if get_origin(field.annotation) is Literal
        for word in get_args(field.annotation)
    ]
    for parameters in ({}, *words):
        try:
            yield cls(**parameters)
        except ValidationError:
            continue
