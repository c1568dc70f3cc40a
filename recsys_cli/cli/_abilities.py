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


def other_defaults(config: Any) -> dict[str, dict[str, Any]]:
    """Return the defaults that a word of another parameter changes, by ``parameter: word``."""
    made = [(given, one.model_dump(mode="json")) for given, one in _configs(config)]
    usual = next((plain for given, plain in made if not given), None)
    if usual is None:
        return {}
    found = {}
    for given, plain in made:
        changed = {name: value for name, value in plain.items() if value != (usual | given)[name]}
        if changed:
            found[", ".join(f"{name}: {word}" for name, word in given.items())] = changed
    return found


def _instances(cls: Any) -> Iterator[Any]:
    """Yield the model by each of :func:`_configs`."""
    return (cls(config) for _, config in _configs(cls.Config))


def _configs(config: Any) -> Iterator[tuple[dict[str, str], Any]]:
    """Yield the defaults, then those with each other word that a parameter may be, and the word.

    Nothing is yielded of what cannot be made from defaults.
    """
    from pydantic import ValidationError

    words = [
        {name: word}
        for name, field in config.model_fields.items()
        if get_origin(field.annotation) is Literal
        for word in get_args(field.annotation)
    ]
    for given in ({}, *words):
        try:
            yield given, config(**given)
        except ValidationError:
            continue
