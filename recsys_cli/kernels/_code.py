"""What the code of ``vectors`` and ``eights`` is written with: rows by vectors of 16, in LLVM IR.

Left to itself the compiler takes vectors half as wide as the processor's, adds the numbers of each
up one by one, and reads a row twice where it cannot know that two rows are apart. The width here is
fixed, so sums add up in one order whatever the processor; where its own vectors are narrower, it
takes several.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError

#: Floats in a vector, and what the length of a row is a multiple of.
LANES = 16

FLOAT, INT = ir.FloatType(), ir.IntType(64)
VECTOR, _BYTES = ir.VectorType(FLOAT, LANES), ir.IntType(8).as_pointer()


class Vectors:
    """Floats in memory, in the code being written: vectors are read and written by place."""

    def __init__(self, builder: Any, start: Any) -> None:
        self._builder, self._start = builder, start

    def __getitem__(self, f: Any) -> Any:
        return self._builder.load(self._vector(f), align=4)

    def __setitem__(self, f: Any, value: Any) -> None:
        self._builder.store(value, self._vector(f), align=4)

    def fetch(self, f: Any, write: bool) -> None:
        """Ask for the cache line of a vector, perhaps to write to it, for all levels of cache."""
        small = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [_BYTES, small, small, small])
        ask = cgutils.get_or_insert_function(self._builder.module, kind, "llvm.prefetch.p0")
        place = self._builder.bitcast(self._vector(f), _BYTES)
        self._builder.call(ask, [place, small(int(write)), small(3), small(1)])

    def _vector(self, f: Any) -> Any:
        return self._builder.bitcast(self._builder.gep(self._start, [f]), VECTOR.as_pointer())


class Array:
    """A numba array in the code that is being written."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        if kind.layout != "C" or kind.dtype not in (types.float32, types.int32):
            raise TypingError(f"rows are read of C-ordered arrays of 32 bits, not of {kind}")
        laid = context.make_array(kind)(context, builder, value)
        self._builder, self.data = builder, laid.data
        self.length = cgutils.unpack_tuple(builder, laid.shape, kind.ndim)[-1]

    def row(self, at: Any) -> Vectors:
        """Return a row of a 2-D array."""
        start = self._builder.mul(at, self.length, flags=["nsw"])
        return Vectors(self._builder, self._builder.gep(self.data, [start]))

    def whole(self) -> Vectors:
        """Return the numbers of a 1-D array."""
        return Vectors(self._builder, self.data)

    def number(self, at: Any) -> Any:
        """Return one number of a 1-D array."""
        return self._builder.load(self._builder.gep(self.data, [at]))


def named_rows(context: Any, builder: Any, sig: Any, args: Any) -> tuple[Any, list[Vectors]]:
    """Return the length of rows, and those that the leading arguments name: an array, an index …"""
    places = [at for at, kind in enumerate(sig.args) if isinstance(kind, types.Array)]
    arrays = [Array(context, builder, sig.args[at], args[at]) for at in places]
    rows = [array.row(args[at + 1]) for array, at in zip(arrays, places, strict=True)]
    return arrays[0].length, rows


def each(builder: Any, length: Any, step: int = LANES) -> Any:
    """Return a loop over the vectors of a row, giving where each begins."""
    return cgutils.for_range_slice(builder, INT(0), length, INT(step))


def sums(builder: Any, count: int) -> list[Any]:
    """Return places of so many vectors, all zero."""
    zero = ir.Constant(VECTOR, None)
    return [cgutils.alloca_once_value(builder, zero) for _ in range(count)]


def summed(builder: Any, length: Any, term: Callable[[Any, Any], Any]) -> Any:
    """Return the sum of ``term`` over a row; two running sums, for one waits for its last."""
    running = sums(builder, 2)

    def add(f: Any, sum_: Any) -> None:
        builder.store(term(f, builder.load(sum_)), sum_)

    pairs = builder.and_(length, INT(-2 * LANES))
    with each(builder, pairs, 2 * LANES) as (f, _):
        add(f, running[0])
        add(builder.add(f, INT(LANES)), running[1])
    with builder.if_then(builder.icmp_signed("<", pairs, length)):
        add(pairs, running[0])
    whole = builder.fadd(*(builder.load(sum_) for sum_ in running))
    kind = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
    name = f"llvm.vector.reduce.fadd.v{LANES}f32"
    reduce = cgutils.get_or_insert_function(builder.module, kind, name)
    # Reassociated, halves are added to halves: a fixed order, and shorter than one by one.
    return builder.call(reduce, [ir.Constant(FLOAT, -0.0), whole], fastmath=("reassoc",))


def fma(builder: Any, x: Any, y: Any, z: Any) -> Any:
    """Return ``x y + z``, rounded once where the processor can."""
    kind, name = ir.FunctionType(VECTOR, [VECTOR] * 3), f"llvm.fmuladd.v{LANES}f32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [x, y, z])


def broadcast(builder: Any, value: Any) -> Any:
    """Return a vector of one number."""
    nothing, lane = ir.Constant(VECTOR, ir.Undefined), ir.IntType(32)
    one = builder.insert_element(nothing, value, lane(0))
    return builder.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(lane, LANES), None))


def shuffled(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    """Return the lanes of ``a`` and, from 16 on, of ``b`` that are listed."""
    kind = ir.VectorType(ir.IntType(32), len(lanes))
    return builder.shuffle_vector(a, b, ir.Constant(kind, lanes))
