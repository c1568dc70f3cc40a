"""What a long stage tells whoever watches it; the library itself prints nothing."""

from __future__ import annotations

#: The label of the one stage whose steps are bytes.
DOWNLOAD = "download"


class Listener:
    """Hears notes and progress. This one ignores them; the command line's renders them."""

    def note(self, text: str) -> None:
        """Hear one line that the user should read: a receipt, a count, a warning."""

    def progress(self, label: str, done: int, total: int | None) -> None:
        """Hear that ``done`` of ``total`` steps of a stage are finished (None: not known)."""


#: The listener that ignores all it hears.
SILENT = Listener()
