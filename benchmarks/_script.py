"""What a person would write without us: load, split, fit and rank with pandas and implicit.

Run as a process of its own: ``_script.py RATINGS SETTINGS``, the latter as JSON. It prints the
metrics as JSON. Nothing of ours is imported.
"""

import json
import os
import sys

# As implicit advises: its own threads are the faster ones.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix

K = 10

path, settings = sys.argv[1], json.loads(sys.argv[2])
# The fast parser knows separators of one character alone, so every second field of "::" is empty.
ratings = pd.read_csv(path, sep=":", header=None, usecols=[0, 2, 4, 6])
ratings.columns = ["user", "item", "rating", "time"]
ratings = ratings[ratings.rating >= settings["min_value"]]
ratings["u"], ratings["i"] = pd.factorize(ratings.user)[0], pd.factorize(ratings.item)[0]
ratings = ratings.sort_values("time", kind="stable")
last = ~ratings.u.duplicated(keep="last") & ratings.u.duplicated(keep=False)
train, test = ratings[~last], ratings[last]

confidence = 1 + settings["alpha"] * train.rating.to_numpy(np.float32)
shape = (ratings.u.max() + 1, ratings.i.max() + 1)
known = csr_matrix((confidence, (train.u, train.i)), shape)
model = AlternatingLeastSquares(
    factors=settings["factors"],
    regularization=settings["reg"],
    iterations=settings["epochs"],
    random_state=settings["seed"],
)
model.fit(known, show_progress=False)

users = test.u.to_numpy()
lists, _ = model.recommend(users, known[users], N=K)
hits = lists == test.i.to_numpy()[:, None]
ndcg = (hits / np.log2(np.arange(2, K + 2))).sum(axis=1).mean()
print(json.dumps({f"ndcg@{K}": ndcg, f"recall@{K}": hits.any(axis=1).mean()}))
