"""A delimited text file: its bytes, its header and its rows with their line numbers."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import DataError
from recsys_cli.loaders._columns import column_position
from recsys_cli.loaders._fields import Unread
from recsys_cli.loaders._kind import is_gz, refuse_packed

_TAIL = 1 << 16
_ROWS_TO_JUDGE = 10


@dataclass(frozen=True, eq=False)
class TextFile:
    """One delimited file, perhaps gz-compressed.

    Lines end in ``\\n``, ``\\r\\n`` or ``\\r``; empty lines are passed over. Comma and semicolon
    files may quote fields with ``"``; in all others a quote is a character like any other.
    """

    path: Path
    separator: str
    header: bool = False
    encoding: str = "utf-8"

    @cached_property
    def data(self) -> bytes:
        """The file as UTF-8, unpacked, without a byte order mark."""
        try:
            data = self.path.read_bytes()
            if is_gz(self.path):
                data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"cannot be read: {error}", where=str(self.path)) from error
        refuse_packed(self.path, data)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise DataError("is UTF-16", where=str(self.path), hint="save it as UTF-8")
        if self.encoding == "utf-8":
            return _without_marks(data)
        if data.startswith(codecs.BOM_UTF8):
            raise DataError(
                f"begins with the mark of UTF-8, but is to be read as {self.encoding}",
                where=str(self.path),
                hint="set encoding: utf-8",
            )
        return data.decode(self.encoding).encode()

    @cached_property
    def quoted(self) -> bool:
        """Whether a field of this file is quoted: a quote within one, as of 12", is a character."""
        if self.separator not in (",", ";") or b'"' not in self.data:
            return False
        before, _ = self._beside_quotes
        return bool(np.isin(before, self._borders).any())

    @property
    def _borders(self) -> list[int]:
        return [ord(border) for border in (self.separator, "\n", "\r")]

    @cached_property
    def _beside_quotes(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The byte before and the byte after each quote."""
        data = np.frombuffer(b"\n" + self.data + b"\n", np.uint8)
        at = np.flatnonzero(data == ord('"'))
        return data[at - 1], data[at + 1]

    @cached_property
    def quotes_pair(self) -> bool:
        """Whether every quote opens or closes a field, or is doubled within one.

        Else readers differ in what they take for a field: one may swallow lines.
        """
        if not self.quoted:
            return True
        before, after = self._beside_quotes
        if len(before) % 2:
            return False
        borders = [ord('"'), *self._borders]
        return bool(np.isin(before[::2], borders).all() and np.isin(after[1::2], borders).all())

    @cached_property
    def head(self) -> tuple[int, list[str]]:
        """The number of lines that the header takes, and its names (0 and none without one)."""
        if not self.header:
            return 0, []
        first = next(self._lines(), None)
        if first is None:
            raise DataError("is empty", where=str(self.path))
        return first[1], [name.strip() for name in first[2]]

    @cached_property
    def width(self) -> int:
        """The number of fields of a row: the header's, else what most of the first rows have."""
        counts = Counter(len(fields) for _, fields in islice(self.rows(), 100))
        if not counts:
            raise DataError("holds no rows", where=str(self.path))
        return len(self.head[1]) or counts.most_common(1)[0][0]

    def position(self, column: str | int) -> int:
        """Return the position of a column given by name, or by number from 0."""
        names = self.head[1] if self.header else None
        return column_position(column, names, self.width, str(self.path))

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line number and the fields of each row; :class:`Unread` where quotes are wrong.

        Bytes that are no UTF-8 come as lone surrogates.
        """
        lines = self._lines()
        yield from ((start, fields) for start, _, fields in islice(lines, int(self.header), None))

    def _lines(self) -> Iterator[tuple[int, int, list[str]]]:
        """Yield first and last line number and fields of whatever is not an empty line."""
        stream = io.TextIOWrapper(io.BytesIO(self.data), "utf-8", "surrogateescape", newline="")
        if self.quoted:
            yield from self._quoted(stream)
            return
        for line, text in enumerate(stream, 1):
            if text := text.rstrip("\r\n"):
                yield line, line, text.split(self.separator)

    def _quoted(self, stream: io.TextIOWrapper) -> Iterator[tuple[int, int, list[str]]]:
        """Yield as :meth:`_lines`. After a quote that is wrong, go on with the next line."""
        csv.field_size_limit(max(csv.field_size_limit(), len(self.data)))
        again: list[str] = []
        used: list[str] = []

        def feed() -> Iterator[str]:
            while line := again.pop() if again else stream.readline():
                used.append(line)
                yield line

        before, reader = 0, self._parsed(feed())
        while True:
            used.clear()
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield before + 1, before + 1, Unread(_wrong_quote(error, used))
                # A quote left open in one of the lines between would end just as wrong, in the
                # last: so none takes in others, and no line is read more than three times.
                yield from self._each_alone(used[1:-1], before + 2)
                before += max(1, len(used) - 1)
                again, reader = used[1:][-1:], self._parsed(feed())
                continue
            if fields:
                yield before + 1, before + len(used), fields
            before += len(used)

    def _each_alone(self, lines: list[str], first: int) -> Iterator[tuple[int, int, list[str]]]:
        """Yield as :meth:`_lines`, of lines from the number ``first`` on, each a row of its own."""
        for line, text in enumerate(lines, first):
            try:
                fields = next(self._parsed([text]))
            except csv.Error as error:
                yield line, line, Unread(_wrong_quote(error, [text]))
            else:
                if fields:
                    yield line, line, fields

    def _parsed(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.separator, strict=True)

    @cached_property
    def cut(self) -> bool:
        """Whether the file seems to end within its last field.

        It has no final line end, and its last field stops at a decimal point or is shorter than
        that of each of the (at least ten) rows before it.
        """
        if not self.data or self.data.endswith((b"\n", b"\r")):
            return False
        separator = self.separator.encode()
        lines = [line for line in self.data[-_TAIL:].splitlines()[1:] if line]
        *before, last = [line.rsplit(separator, 1)[-1] for line in lines] or [b""]
        shorter = len(before) >= _ROWS_TO_JUDGE and len(last) < min(map(len, before))
        return shorter or re.fullmatch(rb"[0-9]+\.", last) is not None

    def rows_to_cut(self) -> Iterator[tuple[int, list[str], bool]]:
        """Yield as :meth:`rows`, and whether the row is the last of a file that is cut."""
        rows = self.rows()
        previous = next(rows, None)
        for row in rows:
            assert previous is not None
            yield *previous, False
            previous = row
        if previous is not None:
            yield *previous, self.cut


def _wrong_quote(error: csv.Error, lines: list[str]) -> str:
    # A field that takes in lines before it closes was opened by mistake.
    if len(lines) == 1 and "expected after" in str(error):
        return "a quote closes within a field"
    return "the quotes do not match"


def _without_marks(data: bytes) -> bytes:
    """Drop byte order marks, of which a file made from others may have several."""
    while data.startswith(codecs.BOM_UTF8):
        data = data[len(codecs.BOM_UTF8) :]
    return data
