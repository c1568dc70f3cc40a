"""Fingerprints of what is trained and tested on, by which a run knows its data again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from recsys_cli.candidates import fingerprint
from recsys_cli.data import Dataset, Split
from recsys_cli.errors import SplitMismatch
from recsys_cli.fingerprint import digest
from recsys_cli.shortlists import CandidateListsSpec
from recsys_cli.spec import ExperimentSpec


def tested(spec: ExperimentSpec, split: Split) -> str:
    """Return the sha256 of what a fold is tested on.

    Where weights count in training alone, runs that differ in them are tested on the same. A file
    of candidates counts, by its content.
    """
    weighed = spec.evaluation.propensity.source == "weights"
    test = (split.test if weighed else replace(split.test, weight=None)).fingerprint
    given = given_candidates(spec)
    return test if given is None else digest(test, given)


def given_candidates(spec: ExperimentSpec) -> str | None:
    """Return the sha256 of the file of candidates; None where the spec names none.

    Raises
    ------
    NotFound
        If it is not there.
    """
    lists = spec.evaluation.candidates
    return fingerprint(lists) if isinstance(lists, CandidateListsSpec) else None


@dataclass(frozen=True)
class Sources:
    """What a run is made from, as fingerprints.

    Attributes
    ----------
    data : str
        Of the interactions, after preparation.
    files : str, optional
        Of what the dataset was read from: features are in no other fingerprint.
    candidates : str, optional
        Of the file of candidates, where the spec names one.
    """

    data: str
    files: str | None
    candidates: str | None

    @classmethod
    def now(cls, spec: ExperimentSpec, dataset: Dataset) -> Sources:
        """Return those that a run would have now."""
        data, files = dataset.interactions.fingerprint, dataset.info.source_hash
        return cls(data, files, given_candidates(spec))

    @classmethod
    def then(cls, record: Mapping[str, Any]) -> Sources:
        """Return those of the run of a record; None for what an older recsys did not write."""
        prints, files = record["fingerprints"], record["dataset"].get("source_hash")
        return cls(prints["data"], files, prints.get("candidates"))

    def made(self, then: Sources) -> bool:
        """Return whether these are the ones of a run, as far as its record says."""
        return (
            then.data == self.data
            and then.files in (None, self.files)
            and then.candidates in (None, self.candidates)
        )


def require_same_candidates(record: Mapping[str, Any], spec: ExperimentSpec) -> None:
    """Raise SplitMismatch unless the file of candidates is the one that the run began with."""
    given = given_candidates(spec)
    # A run of an older recsys does not say.
    if record["fingerprints"].get("candidates", given) != given:
        raise _other_candidates(record)


def require_same(record: Mapping[str, Any], spec: ExperimentSpec, split: Split) -> None:
    """Raise SplitMismatch unless a fold is what the run was trained on and is to be tested on."""
    prints = record["fingerprints"]
    if split.fingerprint != prints["split"].get(split.fold):
        raise SplitMismatch(
            f"fold {split.fold} is not the split that the run was trained on",
            where=record["id"],
            hint="the code of the splitter has changed: train again",
        )
    lists = isinstance(spec.evaluation.candidates, CandidateListsSpec)
    if lists and tested(spec, split) != prints["test"].get(split.fold):
        raise _other_candidates(record)


def _other_candidates(record: Mapping[str, Any]) -> SplitMismatch:
    return SplitMismatch(
        "the file of candidates is not the one that was there when the run was trained",
        where=record["id"],
        hint="put it back, or train again",
    )
