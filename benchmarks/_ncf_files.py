"""Write the three files of the NCF protocol for a spec: train, test and the negatives.

``python -m benchmarks._ncf_files SPEC PREFIX`` writes PREFIX.train.rating, PREFIX.test.rating and
PREFIX.test.negative, which the dataset ``ncf`` reads and so do the tools of others. The spec has
one fold, one relevant item a user, and candidate lists.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from recsys_cli import experiment
from recsys_cli.data import Interactions
from recsys_cli.evaluation import Evaluator
from recsys_cli.listener import SILENT
from recsys_cli.specfile import load
from recsys_cli.training import refitted


def write(spec_path: Path, prefix: str) -> None:
    """Write the files of a spec's first fold; its validation rows are in the train file."""
    spec = load(spec_path)
    dataset = experiment.prepare(spec, SILENT).dataset
    split = refitted(next(experiment.splits(spec, dataset)))
    evaluator = Evaluator(split, spec.evaluation)
    part, lists = evaluator.part, evaluator.lists
    if lists is None or (part.n_relevant > 1).any():
        raise SystemExit(f"{spec_path} has no candidate lists, or several relevant items a user")
    users, items = split.train.users, split.train.items
    _ratings(Path(f"{prefix}.train.rating"), split.train)
    ranked = part.pairs.take(part.n_relevant[part.pair_at] == 1)
    _ratings(Path(f"{prefix}.test.rating"), ranked)
    with Path(f"{prefix}.test.negative").open("w", encoding="utf-8") as file:
        for at in part.ranked_at:
            wanted = part.relevant.rows(np.array([at])).indices
            others = np.setdiff1d(lists.items.rows(np.array([at])).indices, wanted)
            pair = f"({users[int(part.users[at])]},{items[int(wanted[0])]})"
            file.write("\t".join([pair, *(items[i] for i in others.tolist())]) + "\n")


def _ratings(path: Path, data: Interactions) -> None:
    times = data.timestamp if data.timestamp is not None else np.zeros(len(data), np.int64)
    columns = (data.user_idx, data.item_idx, data.value, times)
    with path.open("w", encoding="utf-8") as file:
        for user, item, value, time in zip(*(c.tolist() for c in columns), strict=True):
            file.write(f"{data.users[user]}\t{data.items[item]}\t{value:g}\t{time}\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
