"""Eight rows of a float32 matrix at a time: their dot products with a vector, and their sum.

Rows have a length that is a multiple of 16, and what is named by ``n`` has 8 places from there on,
which callers see to.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from recsys_cli.kernels._code import (
    INT,
    LANES,
    VECTOR,
    Array,
    Vectors,
    broadcast,
    each,
    fma,
    shuffled,
    sums,
)

#: Rows taken together: so many running sums are added up at once, and stay in registers.
EIGHT = 8


@intrinsic
def dots(typing: Any, matrix: Any, columns: Any, n: Any, vector: Any, out: Any) -> Any:
    """``out[n + r] = matrix[columns[n + r]] · vector`` for r of 0 … 7."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        arrays = [Array(context, builder, sig.args[at], args[at]) for at in (0, 1, 3, 4)]
        matrix, columns = arrays[:2]
        rows = _rows(builder, matrix, columns, args[2])
        with_, running = arrays[2].whole(), sums(builder, EIGHT)
        with each(builder, matrix.length) as (f, _):
            part = with_[f]
            for row, sum_ in zip(rows, running, strict=True):
                builder.store(fma(builder, row[f], part, builder.load(sum_)), sum_)
        found = _each_summed(builder, [builder.load(sum_) for sum_ in running])
        place = builder.gep(arrays[3].data, [args[2]])
        builder.store(found, builder.bitcast(place, found.type.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(matrix, columns, types.int64, vector, out), code


@intrinsic
def add(typing: Any, matrix: Any, columns: Any, n: Any, weights: Any, out: Any) -> Any:
    """``out += Σ_r weights[r] matrix[columns[n + r]]`` for r of 0 … 7."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        arrays = [Array(context, builder, sig.args[at], args[at]) for at in (0, 1, 3, 4)]
        matrix, columns = arrays[:2]
        rows = _rows(builder, matrix, columns, args[2])
        by = [broadcast(builder, arrays[2].number(INT(r))) for r in range(EIGHT)]
        target = arrays[3].whole()
        with each(builder, matrix.length) as (f, _):
            # Two running sums, for one waits for its last.
            halves = [target[f], ir.Constant(VECTOR, None)]
            for r, row in enumerate(rows):
                halves[r % 2] = fma(builder, by[r], row[f], halves[r % 2])
            target[f] = builder.fadd(*halves)
        return context.get_dummy_value()

    return types.void(matrix, columns, types.int64, weights, out), code


def _rows(builder: Any, matrix: Array, columns: Array, n: Any) -> list[Vectors]:
    places = [columns.number(builder.add(n, INT(r))) for r in range(EIGHT)]
    return [matrix.row(builder.sext(place, INT)) for place in places]


def _each_summed(builder: Any, vectors: list[Any]) -> Any:
    """Return the sum of each of 8 vectors, as one vector of 8.

    Two vectors of groups of lanes become one of groups half as long, until a group is one lane.
    """
    group = LANES
    while len(vectors) > 1:
        group //= 2
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        vectors = [_halved(builder, a, b, group) for a, b in pairs]
    (vector,) = vectors
    even, odd = (
        shuffled(builder, vector, vector, list(range(first, LANES, 2))) for first in (0, 1)
    )
    return builder.fadd(even, odd)


def _halved(builder: Any, a: Any, b: Any, group: int) -> Any:
    """Return the lower half of each group of lanes plus its upper half, those of a, then of b."""
    lower = [lane for lane in range(2 * LANES) if lane // group % 2 == 0]
    return builder.fadd(
        shuffled(builder, a, b, lower),
        shuffled(builder, a, b, [lane + group for lane in lower]),
    )
