"""Hostile archives and servers: refused before anything is opened, and nothing left anywhere."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from recsys_cli.errors import ChecksumMismatch, DataError, NotFound, RecsysError
from recsys_cli.loaders import _download, _receive
from recsys_cli.loaders._download import download
from recsys_cli.loaders._receive import Archive, Patience
from tests.torture import hostile_zips
from tests.torture.cases import count, each, seeds
from tests.torture.server import Script, certificate, head, sends, serving

GOOD = hostile_zips.packed("ml-1m/ratings.dat", "ml-1m/users.dat", "other/thing")
#: For servers that answer, on a machine that is busy.
PATIENCE = Patience(silence=10, whole=20)
BRIEF = Patience(silence=0.25, whole=20), Patience(silence=10, whole=0.5)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data home in a folder that is the current one, with files beside it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "evil").write_text("untouched")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return all that lies below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def archive(content: bytes, url: str = "https://files.example/ml-1m.zip") -> Archive:
    """Return what is known of an archive that has this content."""
    return Archive(url, hashlib.md5(content).hexdigest(), len(content) + 100)


def refused(known: Archive, home: Path, patience: Patience = PATIENCE) -> RecsysError:
    """Return the error of a download that leaves everything as it was."""
    before, started = tree(home.parent), time.monotonic()
    with pytest.raises(RecsysError) as caught:
        download(known, home, "ml-1m", lambda _: None, None, patience)
    assert tree(home.parent) == before, "something was left behind"
    assert time.monotonic() - started < 8, "it took too long"
    assert known.url in str(caught.value.where)
    assert str(caught.value).isprintable() or "\n" in str(caught.value)
    return caught.value


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let these bytes arrive instead of using the network."""

    def arrive(content: bytes) -> None:
        @contextmanager
        def opened(*_: object) -> Iterator[Any]:
            yield SimpleNamespace(length=len(content), read1=BytesIO(content).read)

        monkeypatch.setattr(_receive, "_opened", opened)

    return arrive


@pytest.mark.parametrize("name", hostile_zips.CASES)
def test_a_hostile_archive(
    request: pytest.FixtureRequest, name: str, home: Path, wire: Any
) -> None:
    content = hostile_zips.CASES[name]()
    wire(content)
    # Though its checksum were the published one:
    error = refused(archive(content), home)
    assert isinstance(error, DataError) and error.exit_code == 5, error
    count(request, 1)


def test_the_checksum_comes_first(home: Path, wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_download, "unzip", lambda *_: pytest.fail("it was opened"))
    known = archive(GOOD)
    for content in (GOOD + b"x", GOOD[:-1], GOOD[:99], bytes(len(GOOD)), GOOD * 9):
        wire(content)
        error = refused(known, home)
        assert isinstance(error, ChecksumMismatch) and error.exit_code == 5


@seeds(quick=60, full=1000, chunk=60)
def test_an_archive_with_wrong_bytes(
    request: pytest.FixtureRequest, seeds: range, home: Path, wire: Any
) -> None:
    sound = {"home", "evil", *(f"home/ml-1m{end}" for end in ("", "/ratings.dat", "/users.dat"))}
    for seed, guard in each(request, seeds):
        with guard:
            rng, content = Random(seed), bytearray(GOOD)
            at = rng.choice([rng.randrange(len(GOOD)), GOOD.index(b"PK\1\2") + rng.randrange(120)])
            content[at : at + rng.randint(0, 2)] = rng.randbytes(rng.randint(0, 3))
            wire(bytes(content))
            try:
                download(archive(bytes(content)), home, "ml-1m", lambda _: None, None)
            except DataError as error:
                assert error.exit_code == 5
            # What was changed may be what nobody reads, such as a date, or the name of the other.
            found = tree(home.parent)
            assert {name.lower() for name in found} <= sound or len(found) <= len(sound), found
            assert all("ml-1m/" in n for n, c in found.items() if c is not None and n != "evil")
            shutil.rmtree(home / "ml-1m", ignore_errors=True)


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of 127.0.0.1."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl on the path, which makes a certificate")
    return certificate(tmp_path_factory.mktemp("certificate"))


LATE, CUT = "it takes more than 0.5 seconds", "it was cut off after"
SILENT = "nothing arrived for 0.25 seconds"
LONG = head(Content_Length=len(GOOD))
SCRIPTS: dict[str, tuple[Script, type[RecsysError], str]] = {
    "says nothing": (sends(9.0), NotFound, SILENT),
    "stalls in its head": (sends(LONG[:20], 9.0), NotFound, SILENT),
    "stalls after its head": (sends(LONG, 9.0), NotFound, SILENT),
    "stalls within": (sends(LONG, GOOD[:100], 9.0), NotFound, SILENT),
    "trickles its head": (
        sends(b"HTTP/1.1 200 OK\r\nX: ", forever=b"x", pause=0.1),
        NotFound,
        LATE,
    ),
    "trickles many fields": (
        sends(b"HTTP/1.1 200 OK\r\n", forever=b"x:y\r\n", pause=0.1),
        NotFound,
        LATE,
    ),
    "trickles its status": (sends(forever=b"H", pause=0.1), NotFound, LATE),
    "trickles": (sends(LONG, forever=b"x", pause=0.1), NotFound, LATE),
    "trickles, of unknown length": (sends(head(), forever=b"x", pause=0.1), NotFound, LATE),
    "continues for ever": (
        sends(forever=b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.05),
        NotFound,
        LATE,
    ),
    "hangs up": (sends(), NotFound, "cannot be downloaded"),
    "hangs up in its head": (sends(LONG[:20]), NotFound, "cannot be downloaded"),
    "cuts off": (sends(LONG, GOOD[:100]), NotFound, CUT),
    "cuts off at once": (sends(LONG), NotFound, CUT),
    "cuts off a chunk": (sends(head(Transfer_Encoding="chunked"), b"ff\r\nabc"), NotFound, ""),
    "sends no chunks": (sends(head(Transfer_Encoding="chunked"), b"zz\r\nabc\r\n"), NotFound, ""),
    "ends early, of unknown length": (
        sends(head(), GOOD[:100]),
        ChecksumMismatch,
        "not the published",
    ),
    "says too little": (
        sends(head(Content_Length=50), GOOD),
        ChecksumMismatch,
        "not the published",
    ),
    "says too much": (sends(head(Content_Length=len(GOOD) + 9), GOOD), NotFound, CUT),
    "says far too much": (sends(head(Content_Length=10**15), GOOD), ChecksumMismatch, "is larger"),
    "sends for ever": (sends(head(), forever=bytes(1 << 16)), ChecksumMismatch, "is larger"),
    "sends chunks for ever": (
        sends(head(Transfer_Encoding="chunked"), forever=b"400\r\n" + bytes(1024) + b"\r\n"),
        *(ChecksumMismatch, "is larger"),
    ),
    "sends fields for ever": (
        sends(b"HTTP/1.1 200 OK\r\n", forever=b"x: " + b"y" * 900 + b"\r\n"),
        *(NotFound, "cannot be downloaded"),
    ),
    "sends a gz bomb": (
        sends(head(Content_Encoding="gzip"), bytes(99)),
        ChecksumMismatch,
        "not the pub",
    ),
    "sends another": (sends(head(), bytes(len(GOOD))), ChecksumMismatch, "not the published"),
    "speaks no http": (
        sends(b"220 smtp.example ESMTP\r\n\x1b[31m\r\n"),
        NotFound,
        "cannot be downloaded",
    ),
    **{
        f"answers {status}": (
            sends(head(status, Content_Length=0)),
            NotFound,
            f"answers {status[:3]}",
        )
        for status in (
            "204 No Content",
            "206 Partial",
            "404 Not \x1b[2JFound",
            "500 Error",
            "503 Busy",
        )
    },
    **{
        f"redirects, {code}, to {to}": (
            sends(head(f"{code} Moved", Location=to, Content_Length=0)),
            *(NotFound, "redirects are not followed"),
        )
        for code, to in [
            *((301, "http://127.0.0.1:9/x"), (302, "https://127.0.0.2:9/x"), (308, "/x")),
            *((307, "file:///etc/passwd"), (303, "ftp://127.0.0.1/x")),
        ]
    },
}


@pytest.fixture
def trusted(pem: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trust the certificate; use no proxy."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return pem


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_server_that(
    request: pytest.FixtureRequest, name: str, trusted: Path, home: Path
) -> None:
    script, kind, reason = SCRIPTS[name]
    patience = {SILENT: BRIEF[0], LATE: BRIEF[1]}.get(reason, PATIENCE)
    with serving(script, trusted) as port:
        error = refused(archive(GOOD, f"https://127.0.0.1:{port}/ml-1m.zip"), home, patience)
    assert type(error) is kind and reason in error.message, error
    assert error.exit_code == (6 if kind is NotFound else 5)
    count(request, 1)


def test_a_sound_server(trusted: Path, home: Path) -> None:
    seen: list[tuple[int, int]] = []
    for opening in (LONG, head(), head(Content_Length="many")):
        with serving(sends(opening, GOOD[:70], 0.1, GOOD[70:]), trusted) as port:
            known = archive(GOOD, f"https://127.0.0.1:{port}/ml-1m.zip")
            told = lambda done, total: seen.append((done, total))  # noqa: E731
            download(known, home, "ml-1m", lambda _: None, told, PATIENCE)
        assert {path.name for path in home.rglob("*")} == {"ml-1m", "ratings.dat", "users.dat"}
        assert (home / "ml-1m/users.dat").read_bytes() == hostile_zips.TEXT
        shutil.rmtree(home / "ml-1m")
    assert (len(GOOD), len(GOOD)) in seen and (len(GOOD), 0) in seen


def test_certificates_that_are_not_to_be_trusted(
    trusted: Path, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = certificate(tmp_path_factory.mktemp("other"), "DNS:files.example")
    for own, trust, reason in (
        (other, trusted, "is not trusted: self-signed"),
        (other, other, "is not trusted: IP address mismatch"),
    ):
        os.environ["SSL_CERT_FILE"] = str(trust)
        with serving(sends(LONG, GOOD), own) as port:
            error = refused(archive(GOOD, f"https://127.0.0.1:{port}/x.zip"), home)
        assert error.exit_code == 6 and reason in error.message, error


@pytest.mark.parametrize("words", [b"HTTP/1.1 200 OK\r\n\r\n", b"", b"\x16\x03\x01\xff\xff"])
def test_a_server_without_tls(words: bytes, trusted: Path, home: Path) -> None:
    with serving(sends(words, 9.0), None) as port:
        known = archive(GOOD, f"https://127.0.0.1:{port}/x.zip")
        assert refused(known, home, BRIEF[0]).exit_code == 6
        error = refused(archive(GOOD, f"http://127.0.0.1:{port}/x.zip"), home)
        assert "only https" in error.message
    closed = refused(archive(GOOD, f"https://127.0.0.1:{port}/x.zip"), home)
    assert closed.exit_code == 6 and "refused" in closed.message.lower()
