"""SVD++, against surprise's with its ratings cached.

Factors, epochs, learning rate and L2 weights are surprise's defaults for both; a random tenth of
the ratings is held out. At each rating surprise moves the implicit factors of all items of the
user; ours moves their sum, and shares the move out once a user, so both make the same updates in
another order. Surprise runs on one thread and knows no other way, and ours learns on one. A fit is
the whole call; the training set that surprise needs is built beforehand.
"""

from __future__ import annotations

from statistics import median

from benchmarks._data import SEED, ratings
from benchmarks._measure import Row, in_turn
from benchmarks._ours import Predictor
from benchmarks._peers import Surprise

FACTORS, EPOCHS, LR, REG, INIT = 20, 20, 0.007, 0.02, 0.1


def run(quick: bool) -> list[Row]:
    """Return a whole fit."""
    data, epochs = ratings("100k"), 2 if quick else EPOCHS
    regs = {f"reg_{name}": REG for name in ("user", "item", "implicit", "user_bias", "item_bias")}
    steps = {"factors": FACTORS, "epochs": epochs, "lr": LR, "lr_decay": 1.0, "nu": 1.0}
    ours = Predictor(data, "svdpp", init_std=INIT, **steps, **regs)
    rates = {"lr_all": LR, "reg_all": REG, "init_std_dev": INIT, "random_state": SEED}
    sizes = {"n_factors": FACTORS, "n_epochs": epochs}
    peer = Surprise(data.split, "SVDpp", cache_ratings=True, **sizes, **rates)
    found = in_turn({"ours": ours.fit, "peer": peer.fit}, 1 if quick else 3)
    return [
        Row(
            f"{data.name}, {FACTORS} factors, fit of {epochs} epochs",
            found["ours"]["fit"],
            found["peer"]["fit"],
            peer.versus,
            {"rmse": [ours.quality(), peer.quality()]},
            faster=8,
            memory=[median(found[side]["memory"]) for side in ("ours", "peer")],
        )
    ]
