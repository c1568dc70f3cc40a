"""Write unbiased.md: how near weighed hold-outs come to what an unbiased test set says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recsys_cli import threads
from recsys_cli.data import Dataset, Interactions, Split
from recsys_cli.evaluation import Evaluator
from recsys_cli.loaders import LOADERS
from recsys_cli.models import MODELS
from recsys_cli.seeding import generator
from recsys_cli.spec import EvaluationSpec, PropensitySpec, RelevantSpec
from recsys_cli.splitters import SPLITTERS

HERE = Path(__file__).parent
PAGE = HERE / "unbiased.md"
MODEL_NAMES = (
    *("random", "popular", "bias", "mf", "svd", "als", "bpr", "ease", "item-knn", "user-knn"),
    "content",
)
CUTOFFS, RELEVANT, HELD_OUT = (10, 50), 4, 0.3
SPLITS, WORLDS = 10, 5
SIZE = {"users": 1_000, "items": 500, "interactions": 30_000, "drift": 0.0}
#: Ways to weigh what is held out; the first is no weighing.
WEIGHED: dict[str, dict[str, Any]] = {
    "naive": {"power": 0.0},
    "popularity": {"power": 1.0},
    "given": {"source": "weights"},
}
#: What is estimated, by which metrics: IPS, SNIPS.
ESTIMATED: dict[str, tuple[str, ...]] = {
    "precision": ("ips-precision", "snips-precision"),
    "dcg": ("ips-dcg", "snips-dcg"),
    "recall": ("snips-recall",),
}
METRICS = [
    f"{name}@{k}"
    for k in CUTOFFS
    for name in ("recall", *(name for names in ESTIMATED.values() for name in names))
]


class Case(NamedTuple):
    """A split whose test part is a biased hold-out, and one whose test part is not biased."""

    biased: Split
    unbiased: Split
    dataset: Dataset


#: By model and case: by way of weighing, or ``truth``, the value of each metric and the
#: effective number of pairs of ``snips-precision``.
Found = dict[str, list[dict[str, dict[str, float]]]]


def main() -> None:
    """Write the page."""
    text = (HERE / "_unbiased_intro.md").read_text("utf-8")
    cases = (("Coat", coat(), SPLITS), ("Synthetic data", synthetic(), WORLDS))
    for title, made, times in cases:
        found = measure(made)
        text += f"\n## {title}\n\n{errors(found, times)}{models(found)}\n{sizes(found)}"
    PAGE.write_text(text, "utf-8")


def coat() -> Iterator[Case]:
    """Yield divisions of the self-selected ratings, each beside the ratings of random coats."""
    data = LOADERS.get("coat")(propensities=True).load()  # type: ignore[call-arg]
    rows, fold = data.interactions, data.folds["random-test"]
    chosen, random = replace(data, interactions=rows.take(fold == 1)), rows.take(fold == 2)
    for seed in range(SPLITS):
        split = divide(chosen, seed)
        yield Case(split, replace(split, test=random), data)


def synthetic() -> Iterator[Case]:
    """Yield divisions of ratings by choice, each beside a rating of every pair."""
    for seed in range(WORLDS):
        loader: Any = LOADERS.get("synthetic")(**SIZE, seed=seed)
        data, truth = loader.load(), loader.truth()
        rows = data.interactions
        weight = 1 / truth.exposure(rows.user_idx, rows.item_idx)
        weighed = replace(rows, weight=(weight / weight.mean()).astype(np.float32))
        split = divide(replace(data, interactions=weighed), seed)
        yield Case(split, replace(split, test=all_pairs(weighed, truth, seed)), data)


def all_pairs(rows: Interactions, truth: Any, seed: int) -> Interactions:
    """Return a rating of every pair: the one that was given, or one drawn from the truth."""
    cells = np.arange(rows.n_users * rows.n_items)
    users, items = (index.astype(np.int32) for index in np.divmod(cells, rows.n_items))
    value = truth.ratings(users, items, generator(seed, "unbiased"))
    value[rows.pair_key] = rows.value
    weight = np.ones(len(cells), np.float32)
    time = np.zeros(len(cells), np.int64)
    return replace(rows, user_idx=users, item_idx=items, value=value, weight=weight, timestamp=time)


def divide(data: Dataset, seed: int) -> Split:
    """Return the split that holds out a share of each user's ratings."""
    splitter = SPLITTERS.get("random")(test=HELD_OUT, per_user=True)  # type: ignore[call-arg]
    return next(iter(splitter.split(data, generator(seed, "split"))))


def measure(cases: Iterator[Case]) -> Found:
    """Return what each model, trained without weights, scores in each case."""
    found: Found = {name: [] for name in MODEL_NAMES}
    for case in cases:
        judges = {how: judge(case.biased, weighed) for how, weighed in WEIGHED.items()}
        judges["truth"] = judge(case.unbiased, WEIGHED["naive"])
        train = replace(case.biased.train, weight=None)
        for name in MODEL_NAMES:
            model = MODELS.get(name)()
            model.fit(train, features=case.dataset.features, rng=generator(0, "model"))
            found[name].append({how: values(one, model) for how, one in judges.items()})
    return found


def judge(split: Split, weighed: dict[str, Any]) -> Evaluator:
    """Return the evaluator of one split and way of weighing, all else at its default."""
    spec = EvaluationSpec(
        metrics=METRICS,
        relevant=RelevantSpec(min_value=RELEVANT),
        propensity=PropensitySpec(**weighed),
    )
    return Evaluator(split, spec)


def values(judged: Evaluator, model: Any) -> dict[str, float]:
    """Return the value of each metric."""
    found = judged.evaluate(model).metrics
    pairs = found[f"snips-precision@{CUTOFFS[0]}"]
    kept = {name: one.value for name, one in found.items()}
    return kept | {"pairs": pairs.pairs or 0, "effective": pairs.effective_pairs or 0}


def errors(found: Found, times: int) -> str:
    """Return the table of mean absolute errors over all models and cases."""
    text = (
        f"Mean absolute error over {len(found)} models × {times} "
        f"{'splits' if times == SPLITS else 'data sets'}:\n\n"
        "| estimated | its mean | naive | IPS, popularity | SNIPS, popularity | IPS, given | "
        "SNIPS, given |\n|---|---|---|---|---|---|---|\n"
    )
    for k in CUTOFFS:
        for what, names in ESTIMATED.items():
            truth = f"{names[0]}@{k}"
            cells = [f"{what}@{k}", f"{every(found, 'truth', truth).mean():.4f}"]
            cells.append(error(found, "naive", truth, truth))
            for how in ("popularity", "given"):
                ips = names[0] if len(names) == 2 else None
                cells.append("" if ips is None else error(found, how, f"{ips}@{k}", truth))
                cells.append(error(found, how, f"{names[-1]}@{k}", truth))
            text += f"| {' | '.join(cells)} |\n"
        plain = f"recall@{k}"
        mean = f"{every(found, 'truth', plain).mean():.4f}"
        off = error(found, "naive", plain, plain)
        text += f"| {plain}, user by user | {mean} | {off} | | | | |\n"
    return text


def error(found: Found, how: str, name: str, truth: str) -> str:
    """Return the mean absolute error of an estimate."""
    off = np.abs(every(found, how, name) - every(found, "truth", truth))
    return f"{off.mean():.4f}"


def every(found: Found, how: str, name: str) -> Any:
    """Return the values of a metric of all models and cases."""
    return np.array([case[how][name] for cases in found.values() for case in cases])


def models(found: Found) -> str:
    """Return the table of what is estimated of each model."""
    k = CUTOFFS[0]
    text = (
        f"\nPrecision@{k} of each model, mean over the cases:\n\n| model | unbiased test set | "
        "naive | IPS, popularity | SNIPS, popularity | IPS, given | SNIPS, given |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    ips, snips = (f"{name}@{k}" for name in ESTIMATED["precision"])
    columns = [("truth", ips), ("naive", ips), ("popularity", ips), ("popularity", snips)]
    for name, cases in found.items():
        pairs = [*columns, ("given", ips), ("given", snips)]
        means = (np.mean([case[how][metric] for case in cases]) for how, metric in pairs)
        text += f"| {name} | {' | '.join(f'{mean:.3f}' for mean in means)} |\n"
    return text


def sizes(found: Found) -> str:
    """Return how many held-out pairs there are, and how many they count for."""
    held, *counted = (
        every(found, how, name).mean()
        for how, name in (("naive", "pairs"), ("popularity", "effective"), ("given", "effective"))
    )
    return (
        f"{held:,.0f} pairs are held out; weighed by popularity they tell as much as "
        f"{counted[0]:,.0f} of one weight, by the given propensities {counted[1]:,.0f} "
        "(`effective_pairs`).\n\nKendall's rank correlation with the order of the models on the "
        f"unbiased test set, by ips-precision@{CUTOFFS[0]}: "
        f"{', '.join(f'{how} {order(found, how):.2f}' for how in WEIGHED)}.\n"
    )


def order(found: Found, how: str) -> float:
    """Return Kendall's tau of the models' order with the true one, mean over the cases."""
    from scipy.stats import kendalltau

    name = f"{ESTIMATED['precision'][0]}@{CUTOFFS[0]}"
    given, true = (every(found, way, name).reshape(len(found), -1) for way in (how, "truth"))
    return float(
        np.mean([kendalltau(*pair).statistic for pair in zip(given.T, true.T, strict=True)])
    )


if __name__ == "__main__":
    with threads.use(1):
        main()
