"""Metrics beyond accuracy in loops over plain lists, sets and dicts, written from their formulas.

Each takes a world, the users to evaluate and k. ``OF_USER`` holds numbers for each user, whose mean
is the value (None: the user is left out), ``OF_ALL`` numbers for all users together.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable

from tests.metrics.build import World


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def top(world: World, user: int, k: int) -> list[int]:
    return world.lists[user][:k]


def user_coverage(world: World, user: int, k: int) -> float:
    return float(len(world.lists[user]) >= k)


def popularity(world: World, user: int, k: int) -> float:
    return mean([world.counts()[i] for i in top(world, user, k)])


def novelty(world: World, user: int, k: int) -> float:
    counts, n = world.counts(), len(world.train)
    return mean([-math.log2(max(1, counts[i]) / n) for i in top(world, user, k)])


def iuf(world: World, user: int, k: int) -> float:
    n = len({u for u, _ in world.train})
    having = {i: len({u for u, j in world.train if i == j}) for i in range(world.n_items)}
    return mean([-math.log2(max(1, having[i]) / n) for i in top(world, user, k)])


def by_popularity(world: World) -> list[int]:
    counts = world.counts()
    return sorted(range(world.n_items), key=lambda i: (-counts[i], i))


def long_tail(world: World, user: int, k: int) -> float:
    counts, head, made = world.counts(), set(), 0
    for item in by_popularity(world):
        if made >= 0.8 * len(world.train):
            break
        head.add(item)
        made += counts[item]
    return mean([float(i not in head) for i in top(world, user, k)])


def serendipity(world: World, user: int, k: int) -> float:
    open_ = set(world.open()) - world.seen[user]
    popular = [i for i in by_popularity(world) if i in open_][:k]
    hits = set(top(world, user, k)) & set(world.relevant[user])
    return len(hits - set(popular)) / k


def diversity(world: World, user: int, k: int) -> float:
    items = [set(world.genres[i]) for i in top(world, user, k) if world.genres[i]]
    return less_mean_cosine(items)


def diversity_cooccurrence(world: World, user: int, k: int) -> float:
    having = [{u for u, i in world.train if i == item} for item in top(world, user, k)]
    return less_mean_cosine([users for users in having if users])


def less_mean_cosine(sets: list[set]) -> float:
    if len(sets) < 2:
        return 0.0
    pairs = itertools.combinations(sets, 2)
    return 1 - mean([len(a & b) / math.sqrt(len(a) * len(b)) for a, b in pairs])


def calibration(world: World, user: int, k: int) -> float | None:
    p = genre_shares(world, sorted(world.seen[user]))
    q = genre_shares(world, top(world, user, k))
    if not p:
        return None
    return sum(v * math.log(v / (0.99 * q.get(g, 0) + 0.01 * v)) for g, v in p.items())


def genre_shares(world: World, items: list[int]) -> dict[str, float]:
    known = [world.genres[i] for i in items if world.genres[i]]
    shares: Counter[str] = Counter()
    for genres in known:
        shares.update({genre: 1 / len(genres) / len(known) for genre in genres})
    return dict(shares)


def listed(world: World, users: list[int], k: int) -> Counter[int]:
    return Counter(item for user in users for item in top(world, user, k))


def coverage(world: World, users: list[int], k: int) -> float:
    return len(listed(world, users, k)) / len(world.open())


def gini(world: World, users: list[int], k: int) -> float:
    lists = listed(world, users, k)
    counts = [lists[i] for i in world.open()]
    total = sum(abs(a - b) for a in counts for b in counts)
    return total / (2 * len(counts) * sum(counts)) if sum(counts) else 0.0


def entropy(world: World, users: list[int], k: int) -> float:
    counts = listed(world, users, k).values()
    return sum(-c / sum(counts) * math.log2(c / sum(counts)) for c in counts)


def exposure(world: World, users: list[int], k: int) -> list[float]:
    """Return the relative exposure of each genre that some candidate has."""
    open_ = [i for i in world.open() if world.genres[i]]
    given: Counter[str] = Counter()
    everything = 0.0
    for user in users:
        for rank, item in enumerate(top(world, user, k), 1):
            everything += 1 / math.log2(rank + 1) if item in open_ else 0
            for genre in world.genres[item] if item in open_ else ():
                given[genre] += 1 / math.log2(rank + 1)
    groups = sorted({genre for i in open_ for genre in world.genres[i]})
    share = {g: sum(g in world.genres[i] for i in open_) / len(open_) for g in groups}
    return [given[g] / everything / share[g] for g in groups] if everything else []


def ndcg(world: World, user: int, k: int) -> float:
    wanted = world.relevant[user]
    gained = [1 / math.log2(r + 1) for r, i in enumerate(top(world, user, k), 1) if i in wanted]
    return sum(gained) / sum(1 / math.log2(r + 2) for r in range(min(k, len(wanted))))


def recall(world: World, user: int, k: int) -> float:
    wanted = world.relevant[user]
    return len(set(top(world, user, k)) & set(wanted)) / len(wanted)


def by_gender(of: Callable) -> Callable:
    def scores(world: World, users: list[int], k: int) -> list[float]:
        groups = sorted({world.genders[u] for u in users} - {""})
        members = [[u for u in users if world.genders[u] == group] for group in groups]
        return [mean([of(world, u, k) for u in group]) for group in members]

    return scores


def gap(scores: Callable) -> Callable:
    def value(world: World, users: list[int], k: int) -> float:
        found = scores(world, users, k)
        return max(found) - min(found) if found else 0.0

    return value


def ratio(scores: Callable) -> Callable:
    def value(world: World, users: list[int], k: int) -> float:
        found = scores(world, users, k)
        return min(found) / max(found) if found and max(found) > 0 else 1.0

    return value


OF_USER = {
    "user-coverage": user_coverage,
    "popularity": popularity,
    "novelty": novelty,
    "iuf": iuf,
    "long-tail": long_tail,
    "serendipity": serendipity,
    "diversity": diversity,
    "diversity-cooccurrence": diversity_cooccurrence,
    "calibration:genre": calibration,
}
OF_ALL = {
    "coverage": coverage,
    "gini": gini,
    "entropy": entropy,
    "exposure-gap:genre": gap(exposure),
    "exposure-ratio:genre": ratio(exposure),
    "ndcg-gap:gender": gap(by_gender(ndcg)),
    "ndcg-ratio:gender": ratio(by_gender(ndcg)),
    "recall-gap:gender": gap(by_gender(recall)),
    "recall-ratio:gender": ratio(by_gender(recall)),
}
