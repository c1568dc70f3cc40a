"""Downloads: verified, unpacked safely, and explained when they fail."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import ssl
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock
from urllib.error import URLError

import pytest

from recsys_cli.errors import ChecksumMismatch, DataError, NotFound, OutOfResources
from recsys_cli.loaders import _download, _receive
from recsys_cli.loaders._download import download
from recsys_cli.loaders._receive import Archive
from recsys_cli.loaders._unzip import unzip
from recsys_cli.loaders.lastfm import LastFM
from recsys_cli.loaders.movielens import _SIZES, MovieLens

MEMBERS = {
    "ml-1m/ratings.dat": "1::2::3::978300760\n",
    "ml-1m/movies.dat": "2::Two::Drama\n",
    "ml-1m/users.dat": "1::F::1::10::48067\n",
}


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes | Exception], None]:
    """Let a download receive these bytes, or fail like this, instead of using the network."""

    def prepare(content: bytes | Exception) -> None:
        @contextmanager
        def opened(url: str, *_: object) -> Iterator[Any]:
            assert url.startswith("https://files.grouplens.org/")
            if isinstance(content, Exception):
                raise content
            yield SimpleNamespace(length=len(content), read1=io.BytesIO(content).read)

        monkeypatch.setattr(_receive, "_opened", opened)
        if isinstance(content, bytes):
            md5 = hashlib.md5(content).hexdigest()
            monkeypatch.setitem(_SIZES, "1m", _SIZES["1m"]._replace(md5=md5))

    return prepare


Serve = Callable[[bytes | Exception], None]


def test_fetch_tells_the_licence_then_downloads(serve: Serve, home: Path) -> None:
    serve(zipped(MEMBERS))
    told: list[str] = []
    folder = MovieLens(size="1m").fetch(told.append)
    assert "for research" in told[0]
    assert "downloading https://files.grouplens.org" in told[1]
    assert {path.name for path in folder.iterdir()} == {"ratings.dat", "movies.dat", "users.dat"}
    assert [path.name for path in home.iterdir()] == ["ml-1m"]
    told.clear()
    MovieLens(size="1m").fetch(told.append)
    assert told == []


def test_files_that_are_there_stay(serve: Serve, home: Path) -> None:
    (home / "ml-1m").mkdir()
    (home / "ml-1m/ratings.dat").write_text("mine")
    serve(zipped(MEMBERS))
    MovieLens(size="1m").fetch(lambda _: None)
    assert (home / "ml-1m/ratings.dat").read_text() == "mine"
    assert (home / "ml-1m/users.dat").exists()


def test_another_archive_than_the_published_one(serve: Serve, home: Path) -> None:
    serve(zipped(MEMBERS))
    archive = Archive("https://files.grouplens.org/x.zip", "0" * 32, 9999)
    with pytest.raises(ChecksumMismatch) as caught:
        download(archive, home, "x", lambda _: None, None)
    assert caught.value.exit_code == 5
    assert list(home.iterdir()) == []


def test_without_network_the_error_says_what_to_do(serve: Serve, home: Path) -> None:
    serve(OSError("no route"))
    with pytest.raises(NotFound) as caught:
        MovieLens(size="1m").load()
    message = str(caught.value)
    assert caught.value.exit_code == 6
    assert f"put ratings.dat, movies.dat, users.dat into {home / 'ml-1m'}" in message
    assert "dataset.name=synthetic" in message


def test_a_full_disk(serve: Serve, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(zipped(MEMBERS))
    full = OSError(errno.ENOSPC, "no space left")
    monkeypatch.setattr(_download, "unzip", Mock(side_effect=full))
    with pytest.raises(OutOfResources, match="no room for ml-1m: no space left") as caught:
        MovieLens(size="1m").fetch(lambda _: None)
    assert caught.value.where == str(home) and list(home.iterdir()) == []


@pytest.mark.parametrize(
    "loader", [LastFM(), MovieLens(size="32m"), MovieLens(size="latest-small")]
)
def test_no_checksum_no_download(loader: Any, home: Path) -> None:
    with pytest.raises(NotFound, match="no checksum of it is published") as caught:
        loader.load()
    assert str(home) in str(caught.value)


def test_an_archive_that_lacks_a_file(serve: Serve, home: Path) -> None:
    serve(zipped({"ml-1m/ratings.dat": "", "other/users.dat": ""}))
    with pytest.raises(NotFound, match=r"the archive lacks movies\.dat"):
        MovieLens(size="1m").fetch(lambda _: None)


@pytest.mark.parametrize(
    "name", ["../evil", "ml/../../evil", "/evil", "ml\\..\\evil", "C:/evil", "ml/../evil"]
)
def test_no_member_leaves_the_folder(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"ml/good": "", name: "evil"}))
    with pytest.raises(DataError, match="would leave the folder"):
        unzip(path, "ml", tmp_path / "out", "a.zip")
    assert not (tmp_path / "out").exists()


def test_no_links(tmp_path: Path) -> None:
    path, link = tmp_path / "a.zip", zipfile.ZipInfo("ml/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match="is a link"):
        unzip(path, "ml", tmp_path / "out", "a.zip")


def test_the_unpacked_size_is_capped(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"ml/a": "x" * 600, "ml/b": "x" * 600}))
    with pytest.raises(DataError, match="more than 1,000 bytes"):
        unzip(path, "ml", tmp_path / "out", "a.zip", max_bytes=1000)
    unzip(path, "ml", tmp_path / "out", "a.zip", max_bytes=1200)


def test_a_damaged_archive(tmp_path: Path) -> None:
    path, content = tmp_path / "a.zip", zipped({"ml/a": "some content"})
    for broken in (b"", content[:40], content.replace(b"some content", b"some c0ntent")):
        path.write_bytes(broken)
        with pytest.raises(DataError, match="no archive that can be unpacked"):
            unzip(path, "ml", tmp_path / "out", "a.zip")


def test_progress_is_told_in_bytes(serve: Serve, home: Path) -> None:
    seen: list[tuple[int, int]] = []
    content = zipped(MEMBERS)
    serve(content)
    MovieLens(size="1m").fetch(lambda _: None, lambda done, total: seen.append((done, total)))
    assert seen == [(len(content), len(content))]


def test_what_a_killed_download_left_goes_with_the_next(serve: Serve, home: Path) -> None:
    left = home / ".recsys-download.1-0123abcd.tmp"
    left.mkdir()
    (left / "archive.zip").write_text("half")
    os.utime(left, (0, 0))
    serve(zipped(MEMBERS))
    MovieLens(size="1m").fetch(lambda _: None)
    assert [path.name for path in home.iterdir()] == ["ml-1m"]


def test_only_https(home: Path) -> None:
    archive = Archive("http://127.0.0.1:9/x.zip", "0" * 32, 99)
    with pytest.raises(NotFound, match="only https"):
        download(archive, home, "x", lambda _: None, None)


def test_a_folder_that_may_not_be_written(
    serve: Serve, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(zipped(MEMBERS))
    denied = PermissionError(errno.EACCES, "Permission denied")
    monkeypatch.setattr(_download, "unzip", Mock(side_effect=denied))
    with pytest.raises(OutOfResources) as caught:
        MovieLens(size="1m").fetch(lambda _: None)
    assert caught.value.message == "ml-1m cannot be written: Permission denied"
    assert "give yourself permission" in str(caught.value.hint)


def test_a_certificate_of_a_proxy(serve: Serve, home: Path) -> None:
    untrusted = ssl.SSLCertVerificationError(1, "certificate verify failed")
    untrusted.verify_message = "self-signed certificate in certificate chain"
    serve(URLError(untrusted))
    with pytest.raises(NotFound, match="certificate is not trusted: self-signed") as caught:
        MovieLens(size="1m").load()
    assert "SSL_CERT_FILE" in str(caught.value.hint)
    assert f"put ratings.dat, movies.dat, users.dat into {home / 'ml-1m'}" in str(caught.value.hint)
