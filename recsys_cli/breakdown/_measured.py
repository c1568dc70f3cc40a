"""The metrics of a run that a breakdown is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from recsys_cli.errors import SpecError
from recsys_cli.runs import Run
from recsys_cli.spelling import nearest
from recsys_cli.visible import quoted

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
            near = nearest(name, known)
            raise SpecError(
                f"the run has no metric {quoted(name)}",
                where=run.id,
                hint=f'did you mean "{near}"?' if near else f"it has {', '.join(known)}",
            )
    return list(names) or known
