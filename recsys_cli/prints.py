"""Fingerprints of what is trained and tested on, by which a run knows its data again."""

from __future__ import annotations

from dataclasses import replace

from recsys_cli.candidates import fingerprint
from recsys_cli.data import Split
from recsys_cli.errors import SplitMismatch
from recsys_cli.fingerprint import digest
from recsys_cli.runs import Run
from recsys_cli.shortlists import CandidateListsSpec
from recsys_cli.spec import ExperimentSpec


def tested(spec: ExperimentSpec, split: Split) -> str:
    """Return the sha256 of what a fold is tested on.

    Where weights count in training alone, runs that differ in them are tested on the same. A file
    of candidates counts, by its content.
    """
    weighed = spec.evaluation.propensity.source == "weights"
    test = (split.test if weighed else replace(split.test, weight=None)).fingerprint
    lists = spec.evaluation.candidates
    given = fingerprint(lists) if isinstance(lists, CandidateListsSpec) else None
    return test if given is None else digest(test, given)


def require_same(run: Run, spec: ExperimentSpec, split: Split) -> None:
    """Raise SplitMismatch unless a fold is what the run was trained on and is to be tested on."""
    prints = run.record["fingerprints"]
    if split.fingerprint != prints["split"].get(split.fold):
        raise SplitMismatch(
            f"fold {split.fold} is not the split that the run was trained on",
            where=run.id,
            hint="the code of the splitter has changed: train again",
        )
    lists = isinstance(spec.evaluation.candidates, CandidateListsSpec)
    if lists and tested(spec, split) != prints["test"].get(split.fold):
        raise SplitMismatch(
            "the file of candidates is not the one that was there when the run was trained",
            where=run.id,
            hint="put it back, or train again",
        )
