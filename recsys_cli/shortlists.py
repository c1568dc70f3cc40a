"""What a spec says of short lists of candidates, in which the relevant items are ranked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PositiveInt, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from recsys_cli.registry import Config


class CandidateListsSpec(Config):
    """Short lists in which each user's relevant items are ranked; one of ``file`` and ``sampled``.

    The full ranking is reported beside them, since values within short lists are others.
    """

    file: str | None = Field(None, min_length=1)
    """File of each user's candidates, looked for as files of interactions are: a table with columns
    ``user`` and ``item``, or the ``.negative`` file of the NCF protocol."""
    sampled: PositiveInt | None = None
    """How many candidates to draw for each user, among the items that are not relevant to him."""
    by: Literal["uniform", "popularity"] = "uniform"
    """How candidates are, or those in the file were, drawn. By popularity, chances follow the
    training interactions of an item, and no correction is known."""
    seed: int = Field(0, ge=0, lt=1 << 63)
    """Seed of the draw; the spec's own does not move it."""

    @model_validator(mode="after")
    def _check(self) -> CandidateListsSpec:
        if (self.file is None) == (self.sampled is None):
            raise PydanticCustomError("candidates", "give either file or sampled")
        return self

    @model_serializer
    def _plain(self) -> dict[str, Any]:
        if self.file is not None:
            return {"file": self.file, "by": self.by}
        return {"sampled": self.sampled, "by": self.by, "seed": self.seed}


def _lists(value: Any) -> Any:
    """Read a block by itself, so that no error of it says that it might have been a word."""
    return CandidateListsSpec.model_validate(value) if isinstance(value, dict) else value


Candidates = Annotated[Literal["train", "all"] | CandidateListsSpec, BeforeValidator(_lists)]
