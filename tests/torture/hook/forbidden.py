"""What nothing under test may do: load pickles, start a shell, reach beyond this machine.

An audit hook of the interpreter, which no code can pass by or take off again. It raises in the
place that tries, and notes it down, for code that swallows the exception.

Exempt is numba alone, by the functions that unpickle: its cache of compiled kernels, which lies
beside our own code and is trusted as much, and the exceptions that it compiles into kernels.
"""

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

#: The file to which what was refused is appended, a line each: here and by every child process.
LOG = "RECSYS_TESTS_FORBIDDEN"
#: What this module is called where the start of a process imports it.
_AT_START = "forbidden"
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh", "csh", "tcsh", "fish"}
_PROGRAMS = {"subprocess.Popen": 0, "os.exec": 0, "os.posix_spawn": 0, "os.spawn": 1}
#: Where the events of sockets have the address, or the host.
_ADDRESSES = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1, "socket.bind": 1}
_HOSTS = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0}
_NUMBA = {
    ("numba/core/caching.py", "_load_index"),
    ("numba/core/caching.py", "_load_data"),
    ("numba/core/serialize.py", "_numba_unpickle"),
}


class Forbidden(RuntimeError):
    """Something that nothing under test may do."""


def install() -> None:
    """Refuse all of it from now on, in this process, unless its start has done so already."""
    if __name__ == _AT_START or _AT_START not in sys.modules:
        sys.addaudithook(_hook)


def taken() -> list[str]:
    """Return what was refused since the last time, here and in child processes."""
    path = os.environ[LOG]
    if not os.path.exists(path):  # noqa: PTH110
        return []
    with open(path, encoding="utf-8") as log:  # noqa: PTH123
        found = log.read().splitlines()
    os.unlink(path)  # noqa: PTH108
    return found


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    what = _refused(event, arguments)
    if what is None:
        return
    path = os.environ.get(LOG)
    if path is not None:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(log, f"{what}\n".encode("utf-8", "backslashreplace"))
        os.close(log)
    raise Forbidden(what)


def _refused(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Return what is wrong with an event; None for nothing."""
    if event == "pickle.find_class" and not _is_numba(sys._getframe(2)):
        return f"a pickle of {arguments[0]}.{arguments[1]}"
    if event == "os.system":
        return f"os.system({arguments[0]!r})"
    if event in _PROGRAMS and _is_shell(arguments[_PROGRAMS[event]]):
        return f"{event} of a shell: {arguments!r:.200}"
    if event in _ADDRESSES:
        address = arguments[_ADDRESSES[event]]
        if isinstance(address, tuple) and not _is_here(address[0]):
            return f"{event} {address!r}"
    if event in _HOSTS and not _is_here(arguments[_HOSTS[event]]):
        return f"{event} {arguments[_HOSTS[event]]!r}"
    return None


def _is_numba(frame: FrameType | None) -> bool:
    """Whether the frame that unpickles is one of those exempt."""
    if frame is None:
        return False
    code = frame.f_code
    name = "/".join(code.co_filename.replace(os.sep, "/").split("/")[-3:])
    return (name, code.co_name) in _NUMBA


def _is_shell(program: Any) -> bool:
    return os.path.basename(os.fsdecode(program)) in _SHELLS  # noqa: PTH119


def _is_here(host: Any) -> bool:
    """Whether a host is this machine's loopback; None is any address, which only a lookup takes."""
    if isinstance(host, bytes):
        host = host.decode()
    return host in (None, "localhost", "::1") or str(host).startswith("127.")
