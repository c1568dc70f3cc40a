"""Which of 64 numbers do not keep below a bar: 64 bits, and the places of those that are set."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from recsys_cli.kernels._code import INT, LANES, Array, broadcast

#: Numbers that one mask is of.
WIDTH = 64


@intrinsic
def exceeding(typing: Any, a: Any, i: Any, at: Any, bar: Any) -> Any:
    """Return which of the 64 numbers ``a[i, at]`` … exceed ``bar``, int64; NaN exceeds all."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        row = Array(context, builder, sig.args[0], args[0]).row(args[1])
        limit, found = broadcast(builder, args[3]), INT(0)
        for shift in range(0, WIDTH, LANES):
            above = builder.fcmp_unordered(">", row[builder.add(args[2], INT(shift))], limit)
            bits = builder.zext(builder.bitcast(above, ir.IntType(LANES)), INT)
            found = builder.or_(found, builder.shl(bits, INT(shift)))
        return found

    return types.int64(a, types.int64, types.int64, types.float32), code


@intrinsic
def lowest(typing: Any, mask: Any) -> Any:
    """Return the place of the lowest bit set, int64; the mask must have one."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), code
