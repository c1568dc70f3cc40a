"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from recsys_cli.errors import RecsysError


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and what to do.

    Attributes
    ----------
    what, found : str
    advice : str, optional
        None where all is well.
    error : type of RecsysError, optional
        What recsys would end with; None where it works, be it slower.
    """

    what: str
    found: str
    advice: str | None = None
    error: type[RecsysError] | None = None

    @property
    def status(self) -> Literal["ok", "warn", "fail"]:
        """How bad it is."""
        return "fail" if self.error else "warn" if self.advice else "ok"

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "what": self.what,
            "status": self.status,
            "found": self.found,
            "advice": self.advice,
        }
