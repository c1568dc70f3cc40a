"""Ctrl-C and its kin: what is under way is marked as interrupted, and the process soon gone.

The main thread meets the signal as an exception, and leaves as by any other. It may be within
compiled code for long, where no exception reaches it; so after a grace, or at a second signal, a
thread beside it has the last words said and ends the process.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

#: The signals, and what each does to a process that does not ask for it.
_SIGNALS = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
#: Seconds that the main thread has to leave, and then the last words to be said.
GRACE, _SAYING = 1.0, 0.4
#: Seconds that the interpreter has to end when all is done.
_LEAVING = 10.0

_received: list[Interrupted] = []
_last: list[Callable[[BaseException], None]] = []


class Interrupted(KeyboardInterrupt):
    """A signal asked the process to end.

    Attributes
    ----------
    code : int
        The exit code: 128 and the signal's number, as a shell has it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.code = 128 + number


def received() -> Interrupted | None:
    """Return the signal that came first: what runs into it may raise something else."""
    return _received[0] if _received else None


@contextmanager
def last_words(say: Callable[[BaseException], None]) -> Iterator[None]:
    """Have ``say`` called with the interruption if the process is ended within the block."""
    _last.append(say)
    try:
        yield
    finally:
        _last.remove(say)


def guard(grace: float = GRACE) -> None:
    """From now on raise Interrupted in the main thread at a signal, and end the process in time.

    A signal that whoever started the process has it ignore, as nohup does, stays ignored.

    Parameters
    ----------
    grace : float
        Seconds that the main thread has.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(reader, grace), daemon=True)
    watch.start()
    for number, usual in _SIGNALS.items():
        if signal.getsignal(number) == usual:
            signal.signal(number, _raise)


def finished(code: int) -> None:
    """Ignore further signals: the process is about to exit with this code.

    It does so in any case: a thread of a library that hangs would keep it for ever.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is _raise:
            signal.signal(number, signal.SIG_IGN)
    late = threading.Timer(_LEAVING, os._exit, [code])
    late.daemon = True
    late.start()


def _raise(number: int, _: FrameType | None) -> None:
    if not _received:
        _received.append(Interrupted(number))
        raise _received[0]


def _watch(reader: int, grace: float) -> None:
    number = os.read(reader, 1)[0]
    select.select([reader], [], [], grace)
    _end(Interrupted(number))


def _end(interrupted: Interrupted) -> NoReturn:
    words = threading.Thread(target=_say, args=(interrupted,), daemon=True)
    words.start()
    words.join(_SAYING)
    os._exit(interrupted.code)


def _say(interrupted: Interrupted) -> None:
    for say in reversed(_last):
        with suppress(Exception):
            say(interrupted)
    with suppress(OSError):
        os.write(2, b"error: interrupted\n")
    with suppress(Exception):
        sys.stdout.flush()
