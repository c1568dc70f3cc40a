"""Why an item was recommended: what each item of the history adds to its score."""

from __future__ import annotations

from typing import NamedTuple

from recsys_cli.data import Float32


class Explanation(NamedTuple):
    """The scores of m items taken apart: ``score = base + parts.sum(axis=1)``.

    ``base`` float32 (m,) is what no item of the history carries (means, biases); ``parts`` float32
    (m, h) is what each of the h items of the history adds, in the order of the history's columns.
    """

    base: Float32
    parts: Float32
