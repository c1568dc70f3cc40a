"""What a model must answer whatever it was trained on: soundly, or by a clear error."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from recsys_cli.data import CSR
from recsys_cli.errors import RecsysError
from recsys_cli.models._base import Model
from recsys_cli.models._factor import FactorModel
from tests.torture.model_cases import Case, Rng, rng_of

_NOBODY = np.empty(0, np.int32)


def go_through(case: Case, seed: int) -> str:
    """Fit the model of a case and ask it everything; return what came of it.

    Raises
    ------
    AssertionError
        If an answer is unsound, or what went wrong is no error of ours.
    """
    rng = rng_of(seed, case.model, "probes")
    try:
        model = case.build().fit(case.data, features=case.features, rng=rng)
    except RecsysError as error:
        return f"{_told(error)} {error.message}"
    except MemoryError:
        assert case.absurd, "memory ran out"
        return "memory"
    require_finite(model)
    asked = [_lists, _folded, _similar, _rated, _explained, _saved, _misused]
    refused = [ask.__name__ for ask in asked if not _answers(ask, model, case, rng)]
    return f"fitted, {len(refused)} refused"


def _answers(ask: Callable[..., None], model: Model[Any], case: Case, rng: Rng) -> bool:
    try:
        ask(model, case, rng)
    except RecsysError as error:
        _told(error)
        return False
    return True


def _told(error: RecsysError) -> str:
    assert error.message and "\n" not in error.message, repr(error)
    assert 2 <= error.exit_code <= 8, repr(error)
    return type(error).__name__


def require_finite(model: Model[Any]) -> None:
    """Assert that every learned array is finite."""
    for name, array in model.arrays().items():
        assert np.isfinite(array).all(), f"{name} is not finite"


def _lists(model: Model[Any], case: Case, rng: Rng) -> None:
    data = case.data
    everyone = np.arange(-1, data.n_users, dtype=np.int32)
    asked = [everyone, everyone, everyone[::-1].copy(), _NOBODY, everyone[:1], everyone[1:3]]
    for users in _some(rng, asked, 4):
        exclude = _exclusion(rng, users, data.csr)
        candidates = _candidates(rng, data.n_items)
        few = 0 < len(users) < 3
        for k in (data.n_items + 5, _some(rng, [1, data.n_items, 10**6 if few else 300], 1)[0]):
            found = model.recommend(users, k, exclude=exclude, candidates=candidates)
            require_lists(*found, (len(users), k), data.n_items, exclude, candidates)


def _some(rng: Rng, choices: list[Any], n: int) -> list[Any]:
    return [choices[at] for at in rng.choice(len(choices), min(n, len(choices)), replace=False)]


def _exclusion(rng: Rng, users: Any, known: CSR) -> CSR | None:
    """Return nothing, what each user has, or everything."""
    kind = rng.integers(4)
    if kind == 0:
        return None
    if kind < 3:
        return known.rows(np.maximum(users, 0))
    b, n = len(users), known.n_cols
    indptr, every = np.arange(b + 1) * n, np.tile(np.arange(n, dtype=np.int32), b)
    return CSR(indptr, every, np.ones(b * n, np.float32), n)


def _candidates(rng: Rng, n: int) -> Any:
    share = rng.choice([0.0, 0.5, 1.0, 2.0])
    return None if share == 2 else rng.random(n) < share


def require_lists(
    items: Any,
    scores: Any,
    shape: tuple[int, int],
    n_items: int,
    exclude: CSR | None,
    candidates: Any,
) -> None:
    """Assert that lists are as long as can be, and of distinct, finite and permitted items."""
    assert items.shape == scores.shape == shape
    assert items.dtype == np.int32 and scores.dtype == np.float32
    open_ = np.ones((shape[0], n_items), np.bool_)
    if exclude is not None:
        open_[exclude.row_of(), exclude.indices] = False
    if candidates is not None:
        open_ &= candidates
    there = items >= 0
    assert (items >= -1).all() and (items < n_items).all()
    np.testing.assert_array_equal(there.sum(axis=1), np.minimum(shape[1], open_.sum(axis=1)))
    rows, _ = np.nonzero(there)
    assert open_[rows, items[there]].all(), "an item that was excluded"
    assert len(np.unique(rows * n_items + items[there])) == there.sum(), "an item twice"
    assert np.isfinite(scores[there]).all()
    for row, some in zip(scores, there, strict=True):
        assert some[: some.sum()].all(), "a gap in a list"
        assert (np.diff(row[some]) <= 0).all(), "a list out of order"


def _histories(case: Case, rng: Rng) -> Iterator[CSR]:
    """Yield histories of no user, of users without items, with one, all, and odd values."""
    n = case.data.n_items
    for lengths in _some(rng, [[], [0, 0], [1], [n], [0, n, 1]], 3):
        parts = [np.sort(rng.choice(n, length, replace=False)) for length in lengths]
        indices = np.concatenate([_NOBODY, *parts]).astype(np.int32)
        indptr = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        for value in _some(rng, [1, 0, -2, 5e-45, 1e30, 3e38], 2):
            yield CSR(indptr, indices, np.full(len(indices), value, np.float32), n)
    yield case.data.csr


def _folded(model: Model[Any], case: Case, rng: Rng) -> None:
    n = case.data.n_items
    for history in _histories(case, rng):
        try:
            folded = model.fold_in(history)
            users = np.arange(history.n_rows, dtype=np.int32)
            found = folded.recommend(users, n + 1, exclude=history)
        except RecsysError as error:
            _told(error)
            continue
        require_lists(*found, (history.n_rows, n + 1), n, history, None)
        if model.predicts_ratings and history.n_rows:
            _ratings(folded, np.repeat(users[:1], n), np.arange(n, dtype=np.int32))


def _similar(model: Model[Any], case: Case, rng: Rng) -> None:
    n = case.data.n_items
    every = np.arange(n, dtype=np.int32)
    for items, k in ((every, int(rng.choice([1, n, n + 5]))), (_NOBODY, 3)):
        require_similar(model, items, k)


def require_similar(model: Model[Any], items: Any, k: int) -> None:
    """Assert that similar items are distinct others, best first, with true similarities."""
    if not hasattr(model, "similar_items"):
        return
    found, scores = model.similar_items(items, k)
    assert found.shape == scores.shape == (len(items), k)
    assert (found >= -1).all() and (found < len(model.item_counts_)).all()
    assert not (found == items[:, None]).any(), "an item similar to itself"
    there = found >= 0
    assert np.isfinite(scores[there]).all()
    assert (np.abs(scores[there]) < model.similarities_reach + 1e-3).all()
    for row, similarity in zip(found, scores, strict=True):
        assert len(set(row[row >= 0].tolist())) == (row >= 0).sum(), "an item twice"
        assert (np.diff(similarity[row >= 0]) <= 0).all(), "similar items out of order"
    if isinstance(model, FactorModel):
        true = _cosines(model.item_factors_, items, found)
        np.testing.assert_allclose(scores[there], true[there], atol=1e-3)


def _cosines(factors: Any, items: Any, others: Any) -> Any:
    """Return the cosines of rows, by NumPy's widest numbers; 0 of rows of zeros."""
    rows = factors.astype(np.longdouble)
    lengths = np.sqrt(np.sum(rows**2, axis=1, keepdims=True))
    unit = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return np.einsum("nf,nkf->nk", unit[items], unit[others]).astype(np.float64)


def _ratings(model: Model[Any], users: Any, items: Any, times: Any = None) -> None:
    predicted = model.predict(users, items, times)
    assert predicted.dtype == np.float32 and predicted.shape == users.shape
    assert np.isfinite(predicted).all(), "a rating that is not finite"
    if hasattr(model, "predict_std"):
        spread = model.predict_std(users, items)
        assert (spread >= 0).all() and np.isfinite(spread).all()


def _rated(model: Model[Any], case: Case, rng: Rng) -> None:
    if not model.predicts_ratings:
        return
    data = case.data
    users, items = np.indices((data.n_users, data.n_items)).reshape(2, -1).astype(np.int32)
    _ratings(model, users, items)
    _ratings(model, users, items, rng.integers(-(2**62), 2**62, len(users)))
    _ratings(model, _NOBODY, _NOBODY)


def _explained(model: Model[Any], case: Case, rng: Rng) -> None:
    if not hasattr(model, "explain"):
        return
    user = int(rng.integers(case.data.n_users))
    history = case.data.csr.rows(np.array([user]))
    items = np.arange(case.data.n_items, dtype=np.int32)
    base, parts = model.explain(user, items, history)
    assert parts.shape == (len(items), len(history.indices)) and base.shape == (len(items),)
    assert np.isfinite(base).all() and np.isfinite(parts).all(), "a reason that is not finite"


def _saved(model: Model[Any], case: Case, rng: Rng) -> None:
    file = io.BytesIO()
    np.savez(file, **model.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as saved:
        loaded = type(model).from_arrays(model.config, dict(saved))
    users = np.arange(case.data.n_users, dtype=np.int32)
    for a, b in zip(loaded.recommend(users, 3), model.recommend(users, 3), strict=True):
        np.testing.assert_array_equal(a, b)


def _misused(model: Model[Any], case: Case, rng: Rng) -> None:
    """What points outside must be refused: it would read, or write, memory of others."""
    n_users, n_items = case.data.n_users, case.data.n_items
    user, item = (np.zeros(1, np.int32) for _ in range(2))
    out = [n_users, -2, 2**31 - 1, -(2**31)]
    bad_items = [n_items, -1, 2**31 - 1, -(2**31)]
    asks: list[Callable[[], Any]] = []
    for at in out:
        users = np.array([at], np.int32)
        asks += [lambda u=users: model.recommend(u, 1), lambda u=users: model.score(u)]
        if model.predicts_ratings:
            asks.append(lambda u=users: model.predict(u, item))
    for at in bad_items:
        items = np.array([at], np.int32)
        if model.predicts_ratings:
            asks.append(lambda i=items: model.predict(user, i))
        if hasattr(model, "similar_items"):
            asks.append(lambda i=items: model.similar_items(i, 1))
        if hasattr(model, "explain"):
            asks.append(lambda i=items: model.explain(0, i, case.data.csr.rows(np.array([0]))))
    for history in _broken(n_items):
        asks.append(lambda h=history: model.fold_in(h))
        asks.append(lambda h=history: model.recommend(user, 1, exclude=h))
    asks.append(lambda: model.recommend(user, 0))
    asks.append(lambda: model.recommend(user, -3))
    asks.append(lambda: model.recommend(user, 1, candidates=np.ones(n_items + 1, np.bool_)))
    for ask in asks:
        try:
            ask()
        except RecsysError as error:
            _told(error)
        else:
            raise AssertionError("a question that makes no sense was answered")


def _broken(n: int) -> Iterator[CSR]:
    """Yield histories of one user that are no matrix of n columns."""

    def row(indptr: list[int], indices: list[int], data: list[float]) -> CSR:
        return CSR(
            np.array(indptr, np.int64), np.array(indices, np.int32), np.array(data, np.float32), n
        )

    yield row([0, 1], [n], [1])
    yield row([0, 1], [-1], [1])
    yield row([0, 2], [0], [1])
    yield row([0, 5], [0], [1])
    yield row([1, 1], [0], [1])
    yield row([0, -1], [], [])
    yield row([0, 1], [0], [1, 2])
    yield row([0, 2], [0, 0], [1, 1])
    yield row([0, 1], [0], [1])._replace(n_cols=n + 1)
