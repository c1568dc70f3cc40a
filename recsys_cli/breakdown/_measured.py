"""The metrics of a run that a breakdown is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from recsys_cli.errors import SpecError
from recsys_cli.runs import Run

#: Why a catalogue metric has no value for a group.
TOGETHER = "is about the lists of all users together"


def measured(run: Run, names: Sequence[str]) -> list[str]:
    """Return the metrics that are asked for, all that the run has by default.

    Raises
    ------
    SpecError
        If the run has no such metric.
    """
    known = list((run.metrics or {}).get("metrics", {}))
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise SpecError(
                f'the run has no metric "{name}"',
                where=run.id,
                hint=f'did you mean "{near[0]}"?' if near else f"it has {', '.join(known)}",
            )
    return list(names) or known
