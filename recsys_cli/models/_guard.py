"""What is checked before and after every backend: our kernels, implicit, surprise, LAPACK, ARPACK.

Native code trusts its arguments: an index out of range reads memory of others, and one value that
is not finite spreads in silence. Every way into it leads through a public method of a model, around
which :class:`Guarded` calls these, so a new model is guarded by being one. Interactions are
checked where they are made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.data import CSR, Bool, Float32, Int32, Int64
from recsys_cli.errors import DataError, Diverged, SpecError

if TYPE_CHECKING:
    from recsys_cli.models._base import Model, ModelConfig

#: What numerical code raises where numbers run away.
_GIVES_UP = (np.linalg.LinAlgError, ArithmeticError)
#: Libraries count the cells of their tables by int32.
_MOST_CELLS = 2**31 - 1
#: By how much rounding may bring a cosine above 1.
_ROUNDING = 1e-3
_SPOILT = "{} holds a value that is not finite"
_LOOK = "look for huge values in the data: recsys data describe"


# Before.


def require_index(index: Any, n: int, what: str, least: int = 0) -> None:
    """Raise DataError unless ``index`` is a list of whole numbers from ``least`` below ``n``."""
    index = np.asarray(index)
    if index.ndim != 1 or index.dtype.kind not in "iu":
        raise DataError(f"{what} must be a list of indices, not {index.dtype} {index.shape}")
    if len(index) and not least <= int(index.min()) <= int(index.max()) < n:
        raise DataError(f"an index of {what} is outside {least} to {n - 1:,}")


def fits(matrix: CSR, shape: tuple[int, int]) -> bool:
    """Return whether a matrix is of a shape and sound: within rows, columns ascend, each once."""
    indptr, found = np.asarray(matrix.indptr), np.asarray(matrix.indices)
    if not len(indptr) or (len(indptr) - 1, matrix.n_cols) != shape:
        return False
    if indptr[0] != 0 or not indptr[-1] == len(found) == len(matrix.data):
        return False
    if (indptr[1:] < indptr[:-1]).any():
        return False
    ascending = found[1:] > found[:-1]
    starts = indptr[1:-1]
    ascending[starts[(starts > 0) & (starts < len(found))] - 1] = True
    inside = not len(found) or 0 <= int(found.min()) <= int(found.max()) < shape[1]
    return inside and bool(ascending.all())


def require_history(history: CSR, n_items: int) -> None:
    """Raise DataError unless a history is sound and holds finite values of these items."""
    if not fits(history, (history.n_rows, n_items)) or not np.isfinite(history.data).all():
        raise DataError(f"a history must hold finite values of the model's {n_items:,} items")


def require_length(k: int) -> None:
    """Raise SpecError if a list is to have no place."""
    if k < 1:
        raise SpecError(f"k must be at least 1, not {k}")


def require_cells(rows: int, columns: int, what: str, hint: str) -> None:
    """Raise DataError if a library could not count the cells of its table of ``what``."""
    if rows * columns > _MOST_CELLS:
        raise DataError(f"{rows:,} × {columns:,} {what} are more than a library counts", hint=hint)


def foreign(values: CSR, dtype: type[np.floating[Any]] = np.float64) -> Any:
    """Return a sound matrix as a library takes it: SciPy's, a copy of the values in ``dtype``.

    Raises
    ------
    DataError
        If it is not sound, or a value is not finite.
    """
    from scipy.sparse import csr_matrix

    shape = (values.n_rows, values.n_cols)
    require_cells(1, len(values.indices), "values", "leave out some in dataset.prepare")
    with np.errstate(over="ignore"):
        data = values.data.astype(dtype)
    if not fits(values, shape) or not np.isfinite(data).all():
        raise DataError("a value is too large", hint=_LOOK)
    return csr_matrix((data, values.indices.copy(), values.indptr), shape=shape)


# After.


def native(found: Any) -> CSR:
    """Return a sparse matrix of a library's making as ours, without its zeros.

    Raises
    ------
    Diverged
        If it is not sound.
    """
    found = found.astype(np.float32)
    found.eliminate_zeros()
    found.sort_indices()
    parts = (found.indptr.astype(np.int64), found.indices.astype(np.int32))
    matrix = CSR(*parts, found.data, found.shape[1])
    if not fits(matrix, found.shape):
        raise Diverged("the library's matrix is damaged")
    return matrix


def largest(array: NDArray[Any]) -> float:
    """Return the largest magnitude in an array, 0 for an empty one; NaN if one is in it."""
    if not array.size:
        return 0.0
    return float(np.maximum(array.max(), -array.min()))


def require_array(name: str, array: NDArray[Any]) -> None:
    """Raise Diverged, which names the array, if one of its values is not finite."""
    if not np.isfinite(largest(array)):
        raise Diverged(_SPOILT.format(name))


def require_learned(model: Model[Any], epoch: int | None, loss: float | None = None) -> None:
    """Raise Diverged, which names the epoch and the array, unless all that is learned is finite."""
    for name, array in numbers(model):
        if not np.isfinite(largest(array)):
            raise _diverged(model, epoch, _SPOILT.format(name))
    if loss is not None and not np.isfinite(loss):
        raise _diverged(model, epoch, f"the loss is not finite{_widest(model)}")


@contextmanager
def sound(model: Model[Any], epoch: int | None = None) -> Iterator[None]:
    """Let NumPy warn of nothing, and make Diverged of what numerical code gives up with.

    The error names the epoch, if there is one, and what array is not finite.
    """
    try:
        with np.errstate(all="ignore"):
            yield
    except _GIVES_UP as error:
        require_learned(model, epoch)
        raise _diverged(model, epoch, f"{error}{_widest(model)}") from error
    except Diverged as error:
        if epoch is None or error.epoch is not None:
            raise
        require_learned(model, epoch)
        raise _diverged(model, epoch, error.message, error.hint) from error.__cause__


def epochs(
    model: Model[Any], losses: Iterator[float | None], done: Callable[[], int]
) -> Iterator[tuple[int, float | None]]:
    """Yield epoch and loss of a fit, each when what was learned is checked.

    ``done()`` says, from the first epoch on, how many were done before the fit began.
    """
    epoch = 0
    while True:
        with sound(model, 1 + (epoch or done())):
            try:
                loss = next(losses)
            except StopIteration:
                return
        epoch = 1 + (epoch or done())
        require_learned(model, epoch, loss)
        yield epoch, loss


def require_lists(
    model: Model[Any], items: Int32, scores: Float32, exclude: CSR | None, candidates: Bool | None
) -> None:
    """Raise Diverged unless lists end only where no candidate remains, all scores being finite.

    A candidate's score that is not a number is listed, whatever else would be, so it is found here.
    One of -inf ranks last: it is left out where there are others, and else leaves a list too short.
    """
    there, n_items = items >= 0, len(model.item_counts_)
    n_open = np.full(len(items), n_items if candidates is None else candidates.sum())
    if exclude is not None:
        n_open -= _excluded(exclude, candidates)
    full = there.sum(axis=1) >= np.minimum(items.shape[1], n_open)
    require_finite(model, full.all() and np.isfinite(scores[there]).all(), "score")
    ordered = np.sort(items, axis=1)
    twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    if items.max(initial=-1) >= n_items or twice.any():
        raise RuntimeError(f"a list of {model.spec_name()} holds an item twice, or none of its own")


def _excluded(exclude: CSR, candidates: Bool | None) -> Int64:
    """Return how many candidates each row leaves out."""
    if candidates is None:
        return np.diff(exclude.indptr)
    ends = np.concatenate(([0], np.cumsum(candidates[exclude.indices])))
    return np.diff(ends[exclude.indptr])


def require_finite(model: Model[Any], finite: bool | np.bool_, what: str) -> None:
    """Raise Diverged, which names the array of the largest number, if a ``what`` is not finite."""
    if finite:
        return
    told = f"a {what} of {model.spec_name()} is not finite{_widest(model)}"
    raise Diverged(told, hint=steadier(model.config))


def require_similar(model: Model[Any], similarities: Float32) -> None:
    """Raise Diverged if a similarity is not finite, or larger than one of the model can be."""
    require_finite(model, np.isfinite(similarities).all(), "similarity")
    if (found := largest(similarities)) > model.similarities_reach + _ROUNDING:
        told = f"a cosine of {model.spec_name()} is {found:.3g}{_widest(model)}"
        raise Diverged(told, hint=steadier(model.config))


def _widest(model: Model[Any]) -> str:
    """Return the words that name the array of the largest number, if there is any array."""
    sizes = {name: largest(array) for name, array in numbers(model)}
    name = max(sizes, key=sizes.__getitem__, default=None)
    return "" if name is None else f"; {name} reaches {sizes[name]:.3g}"


def numbers(model: Model[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the learned arrays that could hold what is not finite, by name."""
    return ((name, array) for name, array in model.arrays().items() if array.dtype.kind == "f")


def _diverged(model: Model[Any], epoch: int | None, what: str, hint: str | None = None) -> Diverged:
    when = f" in epoch {epoch}" if epoch else ""
    error = Diverged(
        f"{model.spec_name()} diverged{when}: {what}", hint=hint or steadier(model.config)
    )
    error.epoch = epoch
    return error


def steadier(config: ModelConfig) -> str:
    """Return what may keep a model of this config finite, by the parameters that it has."""
    fields = type(config).model_fields
    regs = [f"model.{name}" for name in fields if name.startswith("reg") or name == "l2"]
    raised = f"raise {regs[0] if len(regs) == 1 else 'one of ' + ', '.join(regs)}" if regs else None
    if "lr" in fields:
        return " or ".join(filter(None, ("lower model.lr", raised)))
    return ", or ".join(filter(None, (raised, _LOOK)))
