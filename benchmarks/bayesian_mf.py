"""Bayesian matrix factorisation by Gibbs sampling, against myfm.

Both sample a factorisation of ratings around biases, with as many factors, sweeps and samples
averaged; a random tenth of the ratings is held out. Myfm samples a factorisation machine over one
column a user and one an item, in two groups, on one thread and knows no other way to train. It
keeps every sample and predicts by all of them; ours keeps their mean, and a few. A fit is the whole
call; the sparse matrix that myfm needs is built beforehand. It imports a module that setuptools no
longer has, and so runs in an environment of its own.
"""

from __future__ import annotations

from statistics import median

import numpy as np

from benchmarks._data import Named, ratings
from benchmarks._environment import Apart, Environment
from benchmarks._measure import Row, in_turn
from benchmarks._ours import Predictor
from benchmarks._rating import clipped, halves
from recsys_cli import threads

FACTORS, INIT = 16, 0.1
MYFM = Environment("myfm", ("myfm", "setuptools<82"))


def run(quick: bool) -> list[Row]:
    """Return a whole fit."""
    return [_row(ratings("100k"), 30, 10, 1) if quick else _row(ratings("1m"), 150, 50, 3)]


def _row(data: Named, sweeps: int, burn_in: int, repeats: int) -> Row:
    train = data.split.train
    ours = Predictor(data, "bayesian-mf", factors=FACTORS, epochs=sweeps, burn_in=burn_in)
    settings = {"rank": FACTORS, "init_stdev": INIT}
    settings |= {"n_iter": sweeps, "n_kept_samples": sweeps - burn_in}
    with Apart(MYFM, shape=np.array([train.n_users, train.n_items]), **halves(data.split)) as peer:
        sides = {"ours": ours.fit, "peer": lambda: peer.fit(**settings)}
        found = in_turn(sides, repeats)
    n = threads.count()
    return Row(
        f"{data.name}, {FACTORS} factors, {sweeps} sweeps, {n} thread{'s' if n > 1 else ''}",
        found["ours"]["fit"],
        found["peer"]["fit"],
        f"{MYFM.version} MyFMRegressor, 1 thread",
        {"rmse": [ours.quality(), clipped(data.split, peer.learned["predicted"])]},
        faster=3,
        memory=[median(found[side]["memory"]) for side in sides],
    )
