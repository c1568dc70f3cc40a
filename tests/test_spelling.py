"""Which word a misspelt one means."""

from __future__ import annotations

import time

import pytest

from recsys_cli.spelling import nearest

KNOWN = ["factors", "reg", "alpha", "alpha0", "epochs", "k", "max-value", "svd", "svdpp"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("factrs", "factors"),
        ("fatcors", "factors"),
        ("Factors", "factors"),
        ("max_value", "max-value"),
        ("rge", "reg"),
        ("j", "k"),
        ("alpha00", "alpha0"),
        ("alphaa", "alpha"),
        ("epo", "epochs"),
        ("svd++", "svdpp"),
        ("zzzzzz", None),
        ("", None),
    ],
)
def test_nearest(word, meant):
    assert nearest(word, KNOWN) == meant


def test_nothing_is_near_nothing():
    assert nearest("factors", []) is None


def test_a_word_without_end_takes_no_time():
    begun = time.process_time()
    assert nearest("x" * 1_000_000, KNOWN) is None
    assert time.process_time() - begun < 0.5
