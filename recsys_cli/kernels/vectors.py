"""Arithmetic on rows of float32 matrices, by vectors of 16.

Left to itself the compiler takes vectors half as wide as the processor's, and reads a row twice
where it cannot know that two rows are apart. The width is fixed, so sums add up in one order
whatever the processor; where its own vectors are narrower, it takes several.

Rows have a length that is a multiple of :data:`LANES`, which callers see to; numba and LLVM inline
the functions, so a changed one is only taken up by kernels that are compiled anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

#: Floats in a vector, and what the length of a row is a multiple of.
LANES = 16

_FLOAT, _INT = ir.FloatType(), ir.IntType(64)
_VECTOR, _BYTES = ir.VectorType(_FLOAT, LANES), ir.IntType(8).as_pointer()


@intrinsic
def dot(typing: Any, a: Any, i: Any, b: Any, j: Any) -> Any:
    """``a[i] · b[j]``, of 2-D arrays."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y = _rows(context, builder, sig, args)
        return _summed(builder, x.length, lambda f, sum_: _fma(builder, x[f], y[f], sum_))

    return types.float32(a, types.int64, b, types.int64), code


@intrinsic
def dot_gap(typing: Any, a: Any, i: Any, b: Any, j: Any, c: Any, k: Any) -> Any:
    """``a[i] · (b[j] - c[k])``."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y, z = _rows(context, builder, sig, args)

        def term(f: Any, sum_: Any) -> Any:
            return _fma(builder, x[f], builder.fsub(y[f], z[f]), sum_)

        return _summed(builder, x.length, term)

    return types.float32(a, types.int64, b, types.int64, c, types.int64), code


@intrinsic
def attract(typing: Any, a: Any, i: Any, b: Any, j: Any, keep_a: Any, keep_b: Any, by: Any) -> Any:
    """``a[i], b[j] = keep_a a[i] + by b[j], keep_b b[j] + by a[i]``, of two rows that are apart."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y = _rows(context, builder, sig, args)
        keep_x, keep_y, step = (_broadcast(builder, value) for value in args[4:])
        with _each(builder, x.length, LANES) as (f, _):
            old, other = x[f], y[f]
            x[f] = _fma(builder, step, other, builder.fmul(keep_x, old))
            y[f] = _fma(builder, step, old, builder.fmul(keep_y, other))
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
        x, y, z = _rows(context, builder, sig, args)
        keep_x, keep_y, step = (_broadcast(builder, value) for value in args[6:])
        with _each(builder, x.length, LANES) as (f, _):
            old, liked, other = x[f], y[f], z[f]
            move = builder.fmul(step, old)
            gap = builder.fsub(liked, other)
            x[f] = _fma(builder, step, gap, builder.fmul(keep_x, old))
            y[f] = _fma(builder, keep_y, liked, move)
            z[f] = builder.fsub(builder.fmul(keep_y, other), move)
        return context.get_dummy_value()

    number, at = types.float32, types.int64
    return types.void(a, at, b, at, c, at, number, number, number), code


@intrinsic
def fetch(typing: Any, a: Any, i: Any) -> Any:
    """Ask for ``a[i]``, of which no value is read: when it is needed, it is near the core."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        (x,) = _rows(context, builder, sig, args)
        with _each(builder, x.length, LANES) as (f, _):
            x.fetch(f)
        return context.get_dummy_value()

    return types.void(a, types.int64), code


class _Row:
    """A row in the code that is being written: vectors are read and written by their place."""

    def __init__(self, context: Any, builder: Any, kind: Any, array: Any, at: Any) -> None:
        laid = context.make_array(kind)(context, builder, array)
        self._builder = builder
        self.length = cgutils.unpack_tuple(builder, laid.shape, 2)[1]
        self._start = builder.gep(laid.data, [builder.mul(at, self.length, flags=["nsw"])])

    def __getitem__(self, f: Any) -> Any:
        return self._builder.load(self._vector(f), align=4)

    def __setitem__(self, f: Any, value: Any) -> None:
        self._builder.store(value, self._vector(f), align=4)

    def fetch(self, f: Any) -> None:
        """Ask for the cache line of a vector, to write to it, for all levels of cache."""
        small = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [_BYTES, small, small, small])
        ask = cgutils.get_or_insert_function(self._builder.module, kind, "llvm.prefetch.p0")
        place = self._builder.bitcast(self._vector(f), _BYTES)
        self._builder.call(ask, [place, small(1), small(3), small(1)])

    def _vector(self, f: Any) -> Any:
        return self._builder.bitcast(self._builder.gep(self._start, [f]), _VECTOR.as_pointer())


def _rows(context: Any, builder: Any, sig: Any, args: Any) -> list[_Row]:
    """Return the rows that the leading pairs of arguments, an array and an index, name."""
    arrays = [at for at, kind in enumerate(sig.args) if isinstance(kind, types.Array)]
    return [_Row(context, builder, sig.args[at], args[at], args[at + 1]) for at in arrays]


def _each(builder: Any, length: Any, step: int) -> Any:
    return cgutils.for_range_slice(builder, _INT(0), length, _INT(step))


def _summed(builder: Any, length: Any, term: Callable[[Any, Any], Any]) -> Any:
    """Return the sum of ``term`` over a row; two running sums, for one waits for its last."""
    sums = [cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, None)) for _ in range(2)]

    def add(f: Any, sum_: Any) -> None:
        builder.store(term(f, builder.load(sum_)), sum_)

    pairs = builder.and_(length, _INT(-2 * LANES))
    with _each(builder, pairs, 2 * LANES) as (f, _):
        add(f, sums[0])
        add(builder.add(f, _INT(LANES)), sums[1])
    with builder.if_then(builder.icmp_signed("<", pairs, length)):
        add(pairs, sums[0])
    whole = builder.fadd(*(builder.load(sum_) for sum_ in sums))
    kind = ir.FunctionType(_FLOAT, [_FLOAT, _VECTOR])
    reduce = cgutils.get_or_insert_function(
        builder.module, kind, f"llvm.vector.reduce.fadd.v{LANES}f32"
    )
    # Reassociated, halves are added to halves: a fixed order, and shorter than one by one.
    return builder.call(reduce, [ir.Constant(_FLOAT, -0.0), whole], fastmath=("reassoc",))


def _fma(builder: Any, x: Any, y: Any, z: Any) -> Any:
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    name = f"llvm.fmuladd.v{LANES}f32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [x, y, z])


def _broadcast(builder: Any, value: Any) -> Any:
    nothing, lane = ir.Constant(_VECTOR, ir.Undefined), ir.IntType(32)
    one = builder.insert_element(nothing, value, lane(0))
    return builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(lane, LANES), None))
