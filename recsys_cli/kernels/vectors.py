"""Arithmetic on rows of float32 matrices, by vectors of 16.

Rows have a length that is a multiple of :data:`LANES`, which callers see to; numba and LLVM inline
the functions, so a changed one is only taken up by kernels that are compiled anew.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from recsys_cli.kernels._code import INT, LANES, Array, broadcast, each, fma, named_rows, summed

__all__ = ["LANES", "attract", "dot", "dot_gap", "fetch", "fetch_span", "prefer"]


@intrinsic
def dot(typing: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
    """``a[i] · b[j]``, of 2-D arrays."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        length, (x, y) = named_rows(context, builder, sig, args)
        return summed(builder, length, lambda f, sum_: fma(builder, x[f], y[f], sum_))

    return types.float32(a, types.int64, b, types.int64), code


@intrinsic
def dot_gap(typing: Any, a: Any, i: Any, b: Any, j: Any, c: Any, k: Any) -> Any:
    """``a[i] · (b[j] - c[k])``."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        length, (x, y, z) = named_rows(context, builder, sig, args)

        def term(f: Any, sum_: Any) -> Any:
            return fma(builder, x[f], builder.fsub(y[f], z[f]), sum_)

        return summed(builder, length, term)

    return types.float32(a, types.int64, b, types.int64, c, types.int64), code


@intrinsic
def attract(typing: Any, a: Any, i: Any, b: Any, j: Any, keep_a: Any, keep_b: Any, by: Any) -> Any:
    """``a[i], b[j] = keep_a a[i] + by b[j], keep_b b[j] + by a[i]``, of two rows that are apart."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        length, (x, y) = named_rows(context, builder, sig, args)
        keep_x, keep_y, step = (broadcast(builder, value) for value in args[4:])
        with each(builder, length) as (f, _):
            old, other = x[f], y[f]
            x[f] = fma(builder, step, other, builder.fmul(keep_x, old))
            y[f] = fma(builder, step, old, builder.fmul(keep_y, other))
        return context.get_dummy_value()

    number = types.float32
    return types.void(a, types.int64, b, types.int64, number, number, number), code


@intrinsic
def prefer(
    typing: Any, a: Any, i: Any, b: Any, j: Any, c: Any, k: Any, keep_a: Any, keep_b: Any, by: Any
) -> Any:
    """Move ``a[i]`` and ``b[j]`` towards each other and ``c[k]`` away, all from the values before.

    ``a[i] = keep_a a[i] + by (b[j] - c[k])``, ``b[j] = keep_b b[j] + by a[i]`` and
    ``c[k] = keep_b c[k] - by a[i]``, of three rows that are apart.
    """

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        length, (x, y, z) = named_rows(context, builder, sig, args)
        keep_x, keep_y, step = (broadcast(builder, value) for value in args[6:])
        with each(builder, length) as (f, _):
            old, liked, other = x[f], y[f], z[f]
            move = builder.fmul(step, old)
            gap = builder.fsub(liked, other)
            x[f] = fma(builder, step, gap, builder.fmul(keep_x, old))
            y[f] = fma(builder, keep_y, liked, move)
            z[f] = builder.fsub(builder.fmul(keep_y, other), move)
        return context.get_dummy_value()

    number, at = types.float32, types.int64
    return types.void(a, at, b, at, c, at, number, number, number), code


@intrinsic
def fetch(typing: Any, a: Any, i: Any) -> Any:
    """Ask for the row ``a[i]``, no value of which is read: it is near the core when it changes."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        length, (x,) = named_rows(context, builder, sig, args)
        with each(builder, length) as (f, _):
            x.fetch(f, write=True)
        return context.get_dummy_value()

    return types.void(a, types.int64), code


@intrinsic
def fetch_span(typing: Any, a: Any, start: Any, stop: Any) -> Any:
    """Ask for ``a[start:stop]`` of a 1-D array, no value of which is read yet."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        whole = Array(context, builder, sig.args[0], args[0]).whole()
        with cgutils.for_range_slice(builder, args[1], args[2], INT(LANES)) as (at, _):
            whole.fetch(at, write=False)
        return context.get_dummy_value()

    return types.void(a, types.int64, types.int64), code
