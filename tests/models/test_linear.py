"""What the models of this family promise of serving one user."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from recsys_cli.models import MODELS

SERVE = """
import sys
import numpy as np
from recsys_cli.data import CSR
from recsys_cli.models import MODELS

for name in ("ease", "slim", "svd"):
    cls = MODELS.get(name)
    with np.load(f"{sys.argv[1]}/{name}.npz", allow_pickle=False) as saved:
        model = cls.from_arrays(cls.Config(), dict(saved))
    history = CSR(np.array([0, 2]), np.array([3, 7], np.int32), np.ones(2, np.float32), 60)
    folded, user = model.fold_in(history), np.zeros(1, np.int32)
    model.recommend(user, 5, exclude=history)
    folded.recommend(user, 5, exclude=history)
    folded.explain(0, np.array([1], np.int32), history)
    model.similar_items(user, 5)
print(*({"numba", "scipy"} & set(sys.modules)))
"""


def test_one_user_is_served_without_numba_and_scipy(ratings, tmp_path):
    for name in ("ease", "slim", "svd"):
        model = MODELS.get(name)().fit(ratings, rng=np.random.default_rng(0))
        np.savez(tmp_path / f"{name}.npz", **model.arrays())
    command = [sys.executable, "-c", SERVE, str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "\n"
