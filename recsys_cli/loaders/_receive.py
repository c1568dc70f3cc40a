"""A published archive → a file: over https alone, within limits of time and size, and verified."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import threading
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError, URLError

from recsys_cli.errors import ChecksumMismatch, NotFound
from recsys_cli.loaders._base import Progress
from recsys_cli.loaders._fields import shown

_CHUNK = 1 << 18


@dataclass(frozen=True)
class Archive:
    """A zip file with a published checksum: its address, md5, and the most bytes it may have."""

    url: str
    md5: str
    most: int


@dataclass(frozen=True)
class Patience:
    """Seconds without a single byte, and for the whole, after which a server is given up."""

    silence: float
    whole: float


#: An hour for the largest archive asks for a line of 0.6 megabits a second.
PATIENCE = Patience(silence=30, whole=3600)


def receive(archive: Archive, file: Path, progress: Progress | None, patience: Patience) -> None:
    """Download an archive and verify it.

    Raises
    ------
    NotFound
        If it cannot be had, or not in time.
    ChecksumMismatch
        If it is larger than the one that was published, or another.
    OSError
        If it cannot be written.
    """
    md5, done = hashlib.md5(usedforsecurity=False), 0
    with file.open("wb") as sink, closing(_chunks(archive, patience)) as chunks:
        for total, chunk in chunks:
            done += len(chunk)
            _require_size(archive, done)
            md5.update(chunk)
            sink.write(chunk)
            if progress is not None:
                progress(done, total)
    if md5.hexdigest() != archive.md5:
        raise ChecksumMismatch(
            f"the download is not the published archive (md5 {archive.md5})",
            where=archive.url,
            hint="try again later",
        )


def _require_size(archive: Archive, size: int) -> None:
    if size > archive.most:
        raise ChecksumMismatch(
            f"is larger than the published archive, which has less than {archive.most:,} bytes",
            where=archive.url,
            hint="try again later",
        )


def _chunks(archive: Archive, patience: Patience) -> Generator[tuple[int, bytes], None, None]:
    """Yield the bytes in all (0: unknown) and the next ones."""
    with _Deadline(patience.whole) as deadline:
        try:
            with _opened(archive.url, patience.silence, deadline) as answer:
                declared = answer.length
                _require_size(archive, declared or 0)
                done = 0
                while chunk := answer.read1(_CHUNK):
                    done += len(chunk)
                    yield declared or 0, chunk
                if deadline.over or done < max(declared or 0, 1):
                    raise ConnectionError(f"it was cut off after {done:,} bytes")
        except (OSError, http.client.HTTPException) as error:
            late = f"it takes more than {patience.whole:g} seconds"
            reason = late if deadline.over else _reason(error, patience)
            hint = None if deadline.over else _hint(error)
            raise NotFound(
                f"cannot be downloaded: {reason}", where=archive.url, hint=hint
            ) from error


@contextmanager
def _opened(url: str, silence: float, deadline: _Deadline) -> Iterator[http.client.HTTPResponse]:
    if not url.startswith("https://"):
        raise ConnectionError("only https addresses are")
    # No handler of redirects, which could lead anywhere; the publisher's server makes none.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        _Https(deadline),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    request = urllib.request.Request(url, headers={"User-Agent": "recsys"})
    try:
        answer = opener.open(request, timeout=silence)
    except HTTPError as error:
        error.close()
        redirect = ", and redirects are not followed" if 300 <= error.code < 400 else ""
        raise ConnectionError(f"the server answers {error.code}{redirect}") from None
    with closing(answer):
        if answer.status != http.HTTPStatus.OK:
            raise ConnectionError(f"the server answers {answer.status}")
        yield answer


class _Https(urllib.request.AbstractHTTPHandler):
    """Opens connections that a deadline watches."""

    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self.deadline = deadline

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        """Open an https address; named as urllib looks for it."""
        import certifi

        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return self.do_open(self._connection, request, context=context)

    def _connection(self, host: str, **options: Any) -> _Connection:
        return _Connection(host, self.deadline, **options)


class _Connection(http.client.HTTPSConnection):
    """A connection that a deadline watches."""

    def __init__(self, host: str, deadline: _Deadline, **options: Any) -> None:
        super().__init__(host, **options)
        self.deadline = deadline

    def connect(self) -> None:
        """Connect, and be watched from then on."""
        super().connect()
        self.deadline.watch(self.sock)


class _Deadline:
    """Ends a connection when its time is over: one byte now and then keeps off other timeouts."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._watched: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        """Watch a connection."""
        self._watched = connected
        if self.over:
            raise TimeoutError

    def _end(self) -> None:
        self.over = True
        if self._watched is not None:
            with suppress(OSError):
                # Not as an SSL socket would, which may be reading in the other thread.
                socket.socket.shutdown(self._watched, socket.SHUT_RDWR)


def _cause(error: Exception) -> Exception:
    if isinstance(error, URLError) and isinstance(error.reason, Exception):
        return _cause(error.reason)
    return error


def _hint(error: Exception) -> str | None:
    if not isinstance(_cause(error), ssl.SSLCertVerificationError):
        return None
    return "behind a proxy with a certificate of its own, let SSL_CERT_FILE name that one"


def _reason(error: Exception, patience: Patience) -> str:
    error = _cause(error)
    if isinstance(error, TimeoutError):
        return f"nothing arrived for {patience.silence:g} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {error.verify_message}"
    text = getattr(error, "strerror", None) or str(error)
    return shown(text, 100) if text else type(error).__name__
