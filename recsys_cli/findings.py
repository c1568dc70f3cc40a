"""What an audit of leakage found: as one sentence, as JSON, and of several folds as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Severity = Literal["none", "unknown", "expected", "doubtful", "severe"]
"""``expected`` follows from the rule of the split, ``doubtful`` is for a person to judge,
``severe`` breaks what the rule promises; ``unknown`` cannot be seen from the data."""
#: From the least to the most grave.
SEVERITIES: tuple[Severity, ...] = ("none", "unknown", "expected", "doubtful", "severe")


@dataclass(frozen=True)
class Finding:
    """One answer of the audit.

    Attributes
    ----------
    name : str
    says : str
        What is counted, or what is the case.
    severity : Severity
    count, of : int, optional
        How many, of how many; None for what is not counted.
    """

    name: str
    says: str
    severity: Severity
    count: int | None = None
    of: int | None = None

    def __str__(self) -> str:
        counted = "" if self.count is None else f"{self.count:,} of {self.of:,} "
        return f"{counted}{self.says} ({self.severity})"


def documented(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings as JSON has them; ``count`` and ``of`` only where something is counted."""
    return [{k: v for k, v in asdict(one).items() if v is not None} for one in findings]


def in_metrics(document: Mapping[str, Any]) -> list[Finding] | None:
    """Return what ``metrics.json`` holds of the audit, all folds together; None where nothing."""
    folds = document.get("folds", {"": document}).values()
    if not all("leakage" in fold for fold in folds):
        return None
    return together([[Finding(**one) for one in fold["leakage"]] for fold in folds])


def together(folds: Sequence[Sequence[Finding]]) -> list[Finding]:
    """Return the findings of several folds of one spec as one: counts added, the gravest named."""
    return [_sum(same) for same in zip(*folds, strict=True)]


def _sum(same: Sequence[Finding]) -> Finding:
    gravest = max((one.severity for one in same), key=SEVERITIES.index)
    if same[0].count is None:
        return replace(same[0], severity=gravest)
    count, of = (sum(getattr(one, key) for one in same) for key in ("count", "of"))
    return replace(same[0], severity=gravest, count=count, of=of)


def sentence(findings: Sequence[Finding]) -> str:
    """Return one line: what there is, the gravest first, and nothing of what there is not."""
    there = sorted(
        (one for one in findings if one.severity != "none"),
        key=lambda one: -SEVERITIES.index(one.severity),
    )
    return f"Leakage audit: {'; '.join(map(str, there)) or 'nothing found'}."
