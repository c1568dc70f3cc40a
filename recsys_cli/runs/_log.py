"""log.txt: what was logged while a run was written, and the traceback of what stopped it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOG = "log.txt"
_LOGGER = "recsys_cli"


class _LogFile(logging.FileHandler):
    """A file that never stops the work it tells of, be the disk full or the folder read-only."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the run itself meets the same disk and tells."""


@contextmanager
def logged(folder: Path) -> Iterator[None]:
    """Append to the folder's log what recsys logs in the block, and the exception that ends it."""
    handler = _LogFile(folder / LOG, encoding="utf-8", delay=True)
    form = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s")
    form.converter = time.gmtime
    handler.setFormatter(form)
    logger = logging.getLogger(_LOGGER)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(min(logger.getEffectiveLevel(), logging.INFO))
    try:
        yield
    except BaseException as error:
        # To the file alone: the terminal gets the short message.
        text = (
            logging.ERROR,
            __file__,
            0,
            str(error),
            (),
            (type(error), error, error.__traceback__),
        )
        handler.handle(logger.makeRecord(_LOGGER, *text))
        raise
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)
        with suppress(OSError):
            handler.close()
