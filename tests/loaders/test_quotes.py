"""Quotes that do not match: read as by starting anew at each line, but at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_cli.errors import DataError
from recsys_cli.loaders._fields import Unread
from recsys_cli.loaders._text import TextFile
from recsys_cli.loaders.delimited import Delimited
from tests.torture.plain_reader import _records

PIECES = ['"', '""', ',"', '",', ",", "a", " ", "\n", '\n"', '"\n', 'a,"b', 'c"d', '"a"', "\r\n"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_rows_are_those_of_the_csv_module_started_anew_after_each_wrong_line(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(f'"head"\n{text}'.encode())
    file = TextFile(path, ",")
    assert file.quoted
    assert [(line, list(fields)) for line, fields in file.rows()] == [
        *_records(f'"head"\n{text}', ",")
    ]


@pytest.mark.parametrize("end", ["", 'z"z\nu,i,"fine"\n'])
def test_a_quote_left_open_in_every_line_takes_no_time(tmp_path: Path, end: str) -> None:
    path = tmp_path / "open.csv"
    path.write_text("user,item,note\n" + 'u1",i1,"abc\n' * 20_000 + end, encoding="utf-8")
    begun = time.process_time()
    rows = [*TextFile(path, ",", header=True).rows()]
    assert time.process_time() - begun < 1
    bad = [line for line, fields in rows if isinstance(fields, Unread)]
    assert bad == [*range(2, 20_002)]
    assert [fields for _, fields in rows[20_000:]] == ([['z"z'], ["u", "i", "fine"]] if end else [])
    with pytest.raises(DataError, match="the quotes do not match") as caught:
        Delimited(path=str(path), rating=None).load()
    assert caught.value.where == f"{path}:2"
