"""Moments as specs write them: ISO dates and times, or Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def unix(moment: int | str) -> int:
    """Return the Unix second of an ISO date or time (UTC where it names no zone) or of itself.

    Raises
    ------
    ValueError
        If the text is no ISO date or time.
    """
    if type(moment) is int:
        return moment
    parsed = datetime.fromisoformat(str(moment))
    return int(parsed.replace(tzinfo=parsed.tzinfo or UTC).timestamp())
