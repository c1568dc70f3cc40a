"""Fits libmf's factorisation of ratings, and predicts the held-out ones from its factors."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from libmf import mf
from serve import Arrays, Fit, serve


def prepare(given: Arrays) -> Fit:
    """Lay out the ratings as libmf reads them: user, item, rating."""
    columns = [given[f"train_{name}"] for name in ("user", "item", "value")]
    ratings = np.stack(columns, axis=1).astype(np.float32)
    test = (given["test_user"], given["test_item"])

    def fit(**settings: Any) -> tuple[float, Arrays]:
        model = mf.MF(quiet=True, **settings)
        started = time.perf_counter()
        model.fit(ratings)
        seconds = time.perf_counter() - started
        return seconds, {"predicted": _predict(model, *test)}

    return fit


def _predict(model: Any, user: Any, item: Any) -> Any:
    """Return ``P_u · Q_i``, and the mean for what was not in training."""
    p, q, mean = model.p_factors(), model.q_factors(), model.model.b
    known = (user < len(p)) & (item < len(q))
    predicted = np.full(len(user), mean, np.float32)
    dots = np.einsum("nf,nf->n", p[user[known]], q[item[known]])
    predicted[known] = np.where(np.isnan(dots), mean, dots)
    return predicted


if __name__ == "__main__":
    serve(prepare)
