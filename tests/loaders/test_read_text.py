"""Reading text: the fast reader agrees with the slow one; bad rows are found by their lines."""

from __future__ import annotations

import gzip
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys_cli.errors import DataError
from recsys_cli.loaders import _read_text
from recsys_cli.loaders._catalogue import records
from recsys_cli.loaders._read_text import read_text
from recsys_cli.loaders._rows import Columns, Report, Rows, faults
from recsys_cli.loaders._text import TextFile

COLUMNS = Columns("user", "item", "rating", "time", scale=(0.5, 5))
HEADER = "user,item,rating,time\n"


def read(content: str | bytes, folder: Path, columns: Columns = COLUMNS, **options: object) -> Rows:
    name = str(options.pop("name", "ratings.csv"))
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    skip = bool(options.pop("skip", False))
    arguments = {"separator": ",", "header": True} | options
    return read_text(TextFile(path, **arguments), columns, Report(path, skip))  # type: ignore[arg-type]


def listed(rows: Rows) -> list[tuple[object, ...]]:
    numbers = [rows.value, rows.timestamp, rows.weight]
    columns = [column.tolist() for column in numbers if column is not None]
    users, items = [rows.users[u] for u in rows.user], [rows.items[i] for i in rows.item]
    return list(zip(users, items, *columns, strict=True))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("u1,i1,3", "4 fields expected, 3 found"),
        ("u1,i1,3,4,5", "4 fields expected, 5 found"),
        ("u1,i1,good,7", 'the rating "good" is not a number'),
        ("u1,i1,,7", 'the rating "" is not a number'),
        ("u1,i1,nan,7", 'the rating "nan" is not a number'),
        ("u1,i1,inf,7", 'the rating "inf" is not a number'),
        ("u1,i1,1_0,7", 'the rating "1_0" is not a number'),
        ("u1,i1,0x3,7", 'the rating "0x3" is not a number'),
        ("u1,i1,1e99,7", "the rating is not a finite number"),
        ("u1,i1,1e-46,7", "the rating is so small that it would count 0"),
        ("u1,i1,6,7", "the rating is outside the scale 0.5 to 5"),
        ("u1,i1,0,7", "the rating is outside the scale 0.5 to 5"),
        (",i1,3,7", "the user id is empty"),
        ("u1,  ,3,7", "the item id is empty"),
        ("u\x001,i1,3,7", "control character"),
        ('"u\n1",i1,3,7', "control character"),
        ("u1,i1,3,then", 'the timestamp "then" is not a number'),
        ("u1,i1,3,881250949000", "the timestamp is no time between the years 1 and 9999 (unix)"),
        (b"\xff1,i1,3,7", "the user id is not UTF-8 text"),
        ('"u1"x,i1,3,7', "a quote closes within a field"),
        ("u1,i1,1e400,7", 'the rating "1e400" is not a finite number'),
        ("u1,i1,3,1e400", 'the timestamp "1e400" is not a finite number'),
    ],
)
def test_bad_row_is_refused_with_its_line_or_skipped(
    line: str | bytes, reason: str, tmp_path: Path
) -> None:
    bad = line.encode() if isinstance(line, str) else line
    content = HEADER.encode() + b"\nu0,i0,1,5\n" + bad + b"\nu2,i2,2,6\n"
    with pytest.raises(DataError) as caught:
        read(content, tmp_path)
    assert reason in caught.value.message
    assert caught.value.where == f"{tmp_path / 'ratings.csv'}:4"
    rows = read(content, tmp_path, skip=True)
    assert listed(rows) == [("u0", "i0", 1, 5), ("u2", "i2", 2, 6)]
    assert (rows.skipped, rows.users, rows.items) == (1, ["u0", "u2"], ["i0", "i2"])


def test_skipped_rows_are_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = read(HEADER + "u,i,3,7\nu,i,x,7\nu,j\nu,k,9,7\n", tmp_path, skip=True)
    assert rows.skipped == 3
    assert 'ratings.csv:3: the rating "x" is not a number' in caplog.text
    assert "skipped 3 bad rows" in caplog.text


def test_ids_stay_as_they_are_in_order_of_appearance(tmp_path: Path) -> None:
    ids = ["3", "03", "3.0", " 3", "+3", "NA", "null", "nan", "", "é", "日本"]
    ids.remove("")
    lines = [f"{id_},i,1,5" for id_ in [*ids, *reversed(ids)]]
    rows = read(HEADER + "\n".join(lines) + "\n", tmp_path)
    assert rows.users == ids
    assert rows.user.tolist() == [*range(len(ids)), *reversed(range(len(ids)))]


def test_appearance_order_holds_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_read_text, "_BLOCK", 2000)
    users = np.random.default_rng(0).integers(0, 400, 5000).tolist()
    rows = read(HEADER + "".join(f"u{user},i,1,5\n" for user in users), tmp_path)
    assert rows.users == [f"u{user}" for user in dict.fromkeys(users)]
    assert [rows.users[code] for code in rows.user] == [f"u{user}" for user in users]


def test_layouts_that_mean_the_same(tmp_path: Path) -> None:
    plain = "u1,i1,3,7\nu2,i2,4,8\n"
    expected = [("u1", "i1", 3.0, 7.0), ("u2", "i2", 4.0, 8.0)]
    numbered = Columns(0, 1, 2, 3)
    assert listed(read(HEADER + plain, tmp_path)) == expected
    for marks in (b"\xef\xbb\xbf", b"\xef\xbb\xbf" * 2):
        assert listed(read(marks + (HEADER + plain).encode(), tmp_path)) == expected
        assert listed(read(marks + plain.encode(), tmp_path, numbered, header=False)) == expected
    assert listed(read((HEADER + plain).replace("\n", "\r\n"), tmp_path)) == expected
    assert listed(read("\n" + HEADER + "\n\n" + plain.rstrip() + "\n\n", tmp_path)) == expected
    assert listed(read((HEADER + plain).rstrip(), tmp_path)) == expected
    assert listed(read(plain, tmp_path, numbered, header=False)) == expected
    wide = plain.replace(",", "::")
    assert listed(read(wide, tmp_path, numbered, header=False, separator="::")) == expected
    quoted = '"u1","i1","3","7"\n"u2",i2,4,8\n'
    assert listed(read(HEADER + quoted, tmp_path)) == expected
    packed = gzip.compress((HEADER + plain).encode())
    assert listed(read(packed, tmp_path, name="r.csv.gz")) == expected


def test_quoted_fields_hold_separators_quotes_and_line_ends(tmp_path: Path) -> None:
    head = "title,user,item,rating,time\n"
    content = head + '"One, ""two""\nthree",u1,"i,1",3,7\nplain,u2,i2,x,8\n'
    with pytest.raises(DataError) as caught:
        read(content, tmp_path)
    assert str(caught.value.where).endswith("ratings.csv:4")
    assert listed(read(content, tmp_path, skip=True)) == [("u1", "i,1", 3, 7)]


def test_a_quote_left_open_does_not_swallow_the_rest(tmp_path: Path) -> None:
    content = 'user,item,rating,time,note\nu,i,3,7,fine\nu,j,3,7,"open\nu,k,3,7,lost\n'
    with pytest.raises(DataError, match="the quotes do not match") as caught:
        read(content, tmp_path)
    assert str(caught.value.where).endswith("ratings.csv:3")


@pytest.mark.parametrize("keep", range(1, 30))
def test_a_file_cut_within_a_row_is_refused(keep: int, tmp_path: Path) -> None:
    lines = "".join(f"user{n},item{n},4.0,88125{n:04}\n" for n in range(1000, 1050))
    last = "user1050,item1050,3.5,881251050\n"
    whole = HEADER + lines + last
    with pytest.raises(DataError) as caught:
        read(whole[: -len(last) + keep], tmp_path)
    assert str(caught.value.where).endswith(":52")
    assert read(whole[:-1], tmp_path).skipped == 0
    assert read(whole[: -len(last) + keep], tmp_path, skip=True).skipped == 1


def test_a_cut_rating_in_the_last_column(tmp_path: Path) -> None:
    columns = Columns("user", "item", "rating")
    content = "user,item,rating\n" + "u,i,4.5\n" * 20 + "u,j,"
    for end in ("4.", "4"):
        with pytest.raises(DataError, match="the file is cut within this row"):
            read(content + end, tmp_path, columns)
    assert len(read(content + "4\n", tmp_path, columns)) == 21
    assert len(read("user,item,rating\nu,i,4.5\nu,j,4", tmp_path, columns)) == 2


@pytest.mark.parametrize("content", [b"", b"\n\n", HEADER.encode(), b"\xef\xbb\xbf"])
def test_no_rows(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is empty|holds no rows"):
        read(content, tmp_path)


def test_nothing_left_after_skipping(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no rows"):
        read(HEADER + "u,i,x,7\n", tmp_path, skip=True)


def test_files_that_are_not_what_they_seem(tmp_path: Path) -> None:
    packed = gzip.compress((HEADER + "u,i,3,7\n" * 50).encode())
    for broken in (packed[:-12], b"not gz", packed[:20] + b"\0\0\0" + packed[23:]):
        with pytest.raises(DataError, match="cannot be read"):
            read(broken, tmp_path, name="r.csv.gz")
    with pytest.raises(DataError, match="UTF-16"):
        read((HEADER + "u,i,3,7\n").encode("utf-16"), tmp_path)


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    content = "userId,movieId,rating,timestamp\n1,2,3,4\n"
    with pytest.raises(DataError) as caught:
        read(content, tmp_path, Columns("userid", "movieId", "rating"))
    assert 'did you mean "userId"?' in str(caught.value)
    with pytest.raises(DataError, match="4 columns, so none has the number 4"):
        read(content, tmp_path, Columns(0, 1, 4))
    with pytest.raises(DataError, match="without a header"):
        read(content, tmp_path, Columns("user", 1), header=False)
    with pytest.raises(DataError, match="one column is named for two purposes"):
        read(content, tmp_path, Columns(0, 1, "movieId"))
    with pytest.raises(DataError, match='two columns named "a"'):
        read("a,a,b\n1,2,3\n", tmp_path, Columns("a", "b"))


@pytest.mark.parametrize(
    ("field", "format_", "expected"),
    [
        ("881250949.9", "unix", 881250949),
        ("-1.5", "unix", -2),
        ("881250949123", "unix-ms", 881250949),
        ("2020-01-01", "iso", 1577836800),
        ("2020-01-01 00:00:01.9", "iso", 1577836801),
        ("2020-01-01T02:00:00+02:00", "iso", 1577836800),
        ("2020-01-01T00:00:00Z", "iso", 1577836800),
        ("1969-12-31T23:59:59.5", "iso", -1),
        ("9999-12-31T23:59:59.999999", "iso", 253402300799),
    ],
)
def test_times(field: str, format_: str, expected: int, tmp_path: Path) -> None:
    columns = Columns("user", "item", timestamp="time", time=format_)  # type: ignore[arg-type]
    zoned = read(f"user,item,time\nu,i,{field}\n", tmp_path, columns)
    mixed = read(f"user,item,time\nu,i,{field}\nu,x,{'oops'}\n", tmp_path, columns, skip=True)
    for rows in (zoned, mixed):
        assert rows.timestamp is not None
        assert rows.timestamp.tolist() == [expected]


def test_iso_times_with_and_without_zone_in_one_file(tmp_path: Path) -> None:
    columns = Columns("user", "item", timestamp="time", time="iso")
    content = "user,item,time\nu,i,2020-01-01\nu,j,2020-01-01T01:00:00+01:00\n"
    assert [row[2] for row in listed(read(content, tmp_path, columns))] == [1577836800] * 2


LIKELY = ["1", "4.5", " 3", "+2", "-1", "4.", ".5", "1e2", "007", "1E-3", "9" * 20, "NA", "", "1_0"]
FIELDS = st.sampled_from(LIKELY) | st.text(st.sampled_from("0.e+- naif_\x00é,\n\r\t"), max_size=3)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS, FIELDS, FIELDS), min_size=1, max_size=4),
    end=st.sampled_from(["", "\n", "\r\n"]),
)
def test_what_the_fast_reader_accepts_the_slow_one_reads_alike(
    rows: list[tuple[str, ...]], end: str, tmp_path: Path
) -> None:
    path = tmp_path / "fuzz.csv"
    path.write_bytes(("\n".join(",".join(row) for row in rows) + end).encode())
    file, columns = TextFile(path, ","), Columns(0, 1, 2, 3)
    try:
        places = columns.places(file.position, "fuzz")
    except DataError:
        return
    fast = _read_text._fast(file, columns, places)
    if fast is None or any(mask.any() for mask, _ in faults(fast, columns)) or file.cut:
        return
    slow = _read_text._slow(file, columns, places, Report(path))
    assert listed(fast) == listed(slow)
    assert (fast.users, fast.items) == (slow.users, slow.items)


def test_a_stray_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    rows = [f"u{n},i{n},3,7\n" for n in range(40)]
    rows.insert(10, '"u99,i1,3,7\n')
    rows.append('"z",i1,4,7\n')
    found = read(HEADER + "".join(rows), tmp_path, skip=True)
    assert found.skipped == 1
    assert found.users == [*(f"u{n}" for n in range(40)), "z"]
    with pytest.raises(DataError, match="quotes do not match") as error:
        read(HEADER + "".join(rows), tmp_path)
    assert str(error.value.where).endswith(":12")


def test_quotes_that_could_match_across_rows_swallow_none(tmp_path: Path) -> None:
    head = "user,item,rating,time,note\n"
    content = head + 'u,i,3,7,"open\nu,k,3,7,lost\nu,l,3,7,"also open\n'
    with pytest.raises(DataError, match="quotes do not match") as error:
        read(content, tmp_path)
    assert str(error.value.where).endswith(":2")
    assert listed(read(content, tmp_path, skip=True)) == [("u", "k", 3, 7)]


def test_a_quoted_field_may_be_long_in_either_reader(tmp_path: Path) -> None:
    row = f'u,i,3,7,"{"x" * 200_000}"\n'
    for more in ("", "u,k,bad,7,\n"):
        found = read("user,item,rating,time,note\n" + row + more, tmp_path, skip=True)
        assert listed(found) == [("u", "i", 3, 7)]


def test_a_separator_of_both_marks_is_no_reason_to_quote(tmp_path: Path) -> None:
    content = 'u",;i,;3,;7\n'
    found = read(content, tmp_path, Columns(0, 1, 2, 3), header=False, separator=",;")
    assert listed(found) == [('u"', "i", 3, 7)]


def test_a_mark_of_utf_8_in_a_file_said_to_be_latin_1(tmp_path: Path) -> None:
    content = "\ufeffu,i,3,7\n".encode()
    with pytest.raises(DataError, match="begins with the mark of UTF-8"):
        read(content, tmp_path, Columns(0, 1, 2, 3), header=False, encoding="latin-1")


def test_a_quote_within_a_field_is_a_character_to_the_fast_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_read_text, "_slow", Mock(side_effect=AssertionError))
    content = 'us"er,user,item,rating,time\n1,u,12" disc,3,7\n2,u"",i"x",3,7\n3, "v",7",4,8\n'
    rows = read(content, tmp_path)
    assert [row[:2] for row in listed(rows)] == [("u", '12" disc'), ('u""', 'i"x"'), (' "v"', '7"')]


def test_quotes_around_fields_and_within_others(tmp_path: Path) -> None:
    rows = read(HEADER + 'u,12" disc,3,7\n"v","one, two",4,8\n', tmp_path)
    assert listed(rows) == [("u", '12" disc', 3, 7), ("v", "one, two", 4, 8)]


def test_a_quote_that_closes_within_a_field_of_a_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text('id,title\n1,"One"\n2,"Two" ,\n')
    with pytest.raises(DataError, match="a quote closes within a field") as error:
        list(records(TextFile(path, ",", header=True), str(path)))
    assert error.value.where == f"{path}:3"
