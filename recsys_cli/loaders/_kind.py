"""What a file is, by its name, and the refusal of what its first bytes say that it is not."""

from __future__ import annotations

from pathlib import Path

from recsys_cli.errors import DataError

#: What a file of each kind begins with; no text does, save one that was made to.
_KINDS = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
#: What follows ``BZh`` and a digit: else it might be text.
_BLOCK = b"1AY&SY"
_HEAD = 16


def is_gz(path: Path) -> bool:
    """Say whether a file is compressed with gzip, by its name."""
    return path.suffix.lower() == ".gz"


def unpacked_suffix(path: Path) -> str:
    """Return the suffix in lower case, without a ``.gz`` at its end."""
    return Path(path.stem if is_gz(path) else path).suffix.lower()


def is_parquet(path: Path) -> bool:
    """Say whether a file is one of Parquet, by its name."""
    return unpacked_suffix(path) in (".parquet", ".pq")


def refuse_packed(path: Path, data: bytes | None = None) -> None:
    """Refuse what is compressed, but is not to be unpacked by its name.

    Parameters
    ----------
    path : Path
    data : bytes, optional
        What is to be read as text; by default what the file begins with, if it is not gz.

    Raises
    ------
    DataError
    """
    if data is None:
        data = b"" if is_gz(path) else _head(path)
    kind = next((name for head, name in _KINDS.items() if data.startswith(head)), None)
    if kind is None or (kind == "bzip2" and data[4:10] != _BLOCK):
        return
    if is_gz(path):
        raise DataError(
            f"holds what is compressed with {kind} again", where=str(path), hint="unpack it"
        )
    if kind == "gzip":
        hint = f"name it {path.name}.gz, or unpack it"
        raise DataError("is compressed with gzip but is not named .gz", where=str(path), hint=hint)
    raise DataError(
        f"is compressed with {kind}",
        where=str(path),
        hint="unpack it, or compress it with gzip and name it .gz",
    )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from error
