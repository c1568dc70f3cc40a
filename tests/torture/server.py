"""A server on this machine that answers over TLS as badly as a script of it says."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Told the connection, its request read, and what is set when the test is over.
Script = Callable[[socket.socket, threading.Event], None]
_LONGEST = 20.0


def certificate(folder: Path, name: str = "IP:127.0.0.1") -> Path:
    """Return a file of a new key and its certificate, for a subject alternative name."""
    path, key = folder / f"{name.replace(':', '-')}.pem", folder / "key.pem"
    openssl = shutil.which("openssl")
    assert openssl is not None
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    subprocess.run([*command, "-keyout", key, "-out", path], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


@contextmanager
def serving(script: Script, pem: Path | None) -> Iterator[int]:
    """Serve one connection after another by a script; yield the port.

    Parameters
    ----------
    script : callable
        What is done with a connection; without ``pem`` it is one without TLS, nothing read.
    pem : Path, optional
        Key and certificate.
    """
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        thread = threading.Thread(target=_serve, args=(listening, script, pem, over))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            thread.join()


def _serve(
    listening: socket.socket, script: Script, pem: Path | None, over: threading.Event
) -> None:
    while not over.is_set():
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(_LONGEST)
                _answer(connection, script, pem, over)


def _answer(
    connection: socket.socket, script: Script, pem: Path | None, over: threading.Event
) -> None:
    if pem is None:
        script(connection, over)
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with context.wrap_socket(connection, server_side=True) as secure:
        head = b""
        while not head.endswith(b"\r\n\r\n") and (read := secure.recv(4096)):
            head += read
        script(secure, over)


def sends(*parts: bytes | float, forever: bytes = b"", pause: float = 0.0) -> Script:
    """Return a script that sends parts, sleeping for those that are numbers, then hangs up.

    ``forever`` is sent without end after them, with a pause between any two.
    """

    def script(connection: socket.socket, over: threading.Event) -> None:
        for part in parts:
            if isinstance(part, bytes):
                connection.sendall(part)
            else:
                over.wait(part)
        end = time.monotonic() + _LONGEST
        while forever and not over.is_set() and time.monotonic() < end:
            connection.sendall(forever)
            over.wait(pause)

    return script


def head(status: str = "200 OK", **fields: object) -> bytes:
    """Return the head of an answer; ``_`` in the names of fields stands for a hyphen."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "Connection: close", "", ""]).encode()
