"""YAML as people mean it; what it must not do is refused with its place, and nothing crashes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recsys_cli.errors import SpecError
from recsys_cli.specfile import load, loads
from recsys_cli.specfile._yaml import parse
from tests.specfile.conftest import SAMPLE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 1e5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0.25", -0.25),
        ("+3", 3),
        ("0", 0),
        ("9223372036854775807", 9223372036854775807),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        *((word, word) for word in ("no", "yes", "on", "off", "n", "y", "tRue", "nan", "inf")),
        *((word, word) for word in ("0123", "00", "1_000", "1:30", "0x1F", "0o17", "0b1", "1e")),
        *((word, word) for word in ("2020-01-01", "12:30:45", "1.2.3", "=")),
        ("'1'", "1"),
        ('"true"', "true"),
        ('"\\t"', "\t"),
        ("[a, 1]", ["a", 1]),
        ("{a: {b: no}}", {"a": {"b": "no"}}),
    ],
)
def test_values(text: str, value: Any) -> None:
    found = parse(f"k: {text}\n", "f").plain()["k"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("", "f", "is empty"),
        ("# only a comment\n", "f", "is empty"),
        ("- 1\n", "f:1:1", "top level"),
        ("a: 1\n---\nb: 2\n", "f:2:1", "one document"),
        ("name: a\nname: b\n", "f:2:1", "twice, first at f:1:1"),
        ("a: {b: 1, b: 2}\n", "f:1:11", "twice"),
        ("a: &x 1\n", "f:1:4", "anchors"),
        ("a: *x\n", "f:1:4", "aliases"),
        ("<<: {a: 1}\n", "f:1:1", "merge keys"),
        ("a: !!python/object/apply:os.system [ls]\n", "f:1:4", "tags"),
        ("a: !x 1\n", "f:1:4", "tags"),
        ("!!str a: 1\n", "f:1:1", "tags"),
        ("[a]: 1\n", "f:1:1", "a key must be a word"),
        ("a:\n\tb: 1\n", "f:2:1", "use spaces"),
        ("a: @x\n", "f:1:4", "quotes"),
        ("a: b: c\n", "f:1:5", 'second ":"'),
        ("a: [1\n", "f:2:1", "not valid YAML"),
        ("a: 1\r\nb: \x01\n", "f:2:4", "U+0001"),
        ('a: "\\0"\n', "f:1:4", "no character"),
        ('a: "\\ud800"\n', "f:1:4", "no character"),
        ('a: "\\UFFFFFFFF"\n', "f:1:7", "too large"),
        ("seed: 9223372036854775808\n", "f:1:7", "64 bits"),
        (f"seed: {'9' * 5000}\n", "f:1:7", "64 bits"),
        ("[" * 100_000, "f:1:65", "deep"),
        ("- " * 100_000, "f:1:129", "deep"),
        ("{a: " * 100_000, "f:1:257", "deep"),
        ("a: [" + "x," * 30_000 + "]", "f:1:9999", "values"),
        ("".join(f"k{i}: &k{i} [{'*k0,' * 9}]\n" for i in range(9)), "f:1:5", "anchors"),
    ],
    ids=range(28),
)
def test_refused(text: str, where: str, why: str) -> None:
    with pytest.raises(SpecError) as caught:
        loads(text, "f")
    assert caught.value.where == where
    assert why in caught.value.message


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    for data, why in (
        (b"a: 1\nb: \xff\n", f"{path}:2:4: not UTF-8"),
        ("a: 1".encode("utf-16"), f"{path}:1:1: not UTF-8"),
        (b"#" * ((128 << 10) + 1), f"{path}: larger than 128 KiB"),
    ):
        path.write_bytes(data)
        with pytest.raises(SpecError) as caught:
            load(path)
        assert str(caught.value).startswith(why)
    with pytest.raises(SpecError, match="cannot be read: is a directory"):
        load(tmp_path)


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SAMPLE.replace("\n", "\r\n").encode())
    assert load(path) == loads(SAMPLE)


SIGNS = [*"[]{},|>%@`'?#~1", '"', "\\", "\\x", "a", "name", ": ", ":", "\n", "- ", "  ", "\t", "<<"]
fragments = st.sampled_from([*SIGNS, "&x", "*x", "!", "!!", "---\n", "...\n"])


@given(st.one_of(st.text(), st.lists(fragments, max_size=40).map("".join)))
@example("%YAML 1." + "9" * 5000 + "\n---\na: 1")
@example("? a\n: b")
def test_any_text_is_a_spec_or_refused(text: str) -> None:
    with pytest.raises(SpecError):
        loads(text)


@given(st.integers(0, len(SAMPLE)), st.integers(0, 8), fragments)
def test_a_damaged_spec_is_read_or_refused(at: int, cut: int, fragment: str) -> None:
    try:
        loads(SAMPLE[:at] + fragment + SAMPLE[at + cut :])
    except SpecError as error:
        assert error.where
