"""Every family of models, to fit and to answer, beside surprise and implicit.

Of ratings a random tenth is held out, and the answer is a prediction of each; of implicit feedback
the last pair of each user is, and the answer is ten unseen items for every user. What a library
takes as input (a matrix, a training set) is made beforehand. Surprise runs on one thread and knows
no other way, ours and implicit on all. Surprise's neighbours keep dense tables and its SVD++ takes
long: what stands beside them runs on ml-100k.

Where both learn the same kind of model, factors, epochs and neighbours are the same, and so are
rates and weights for bias, mf, als and bpr; what else there is to set is each side's default.

Neither library has the other kinds. "Another model" marks the nearest that they have: the times
compare two ways to an answer, quality is to be read beside them, and no aim is set.

- user-knn for ranking beside neighbours of items; ours finds its neighbours when it answers.
- rp3beta, whose walks are lists of items that damp busy users, beside tf-idf, which damps them too.
- ease and slim, learned weights between items, beside BM25, the item lists of implicit that rank
  best with 100 neighbours. They take longer, and are there for their quality.
- svd beside ALS of as many factors; hybrid, which is ALS drawn towards what features expect, beside
  ALS of the same factors, epochs, confidence and weight.
- timesvdpp beside SVD++ of the same factors and epochs; bayesian-mf, which samples and so takes
  longer, beside SVD of the same factors.
- content, which ranks by genres alone, beside tf-idf; popular beside cosine with the library's 20
  neighbours, the cheapest that implicit ranks by.

The wrappers stand beside the libraries that they call, called directly with the same settings and
random numbers, so quality must be equal: a fit at ratio 1 costs nothing more, and the aim is 0.9.
Surprise makes its training set within the time there, as the wrapper has to. BPR and LMF run on one
thread, as the wrappers make them, and they and SVD++ for a few epochs only. The wrapper of ALS also
computes the loss of each epoch, which the library leaves out.
"""

from __future__ import annotations

from functools import cache
from statistics import median

from benchmarks._cases import Case, Relation, cases
from benchmarks._data import Named, pairs, ratings
from benchmarks._measure import Row, in_turn
from benchmarks._ours import Predictor, Ranker
from benchmarks._peers import Implicit, Surprise, SurpriseFromTable
from benchmarks._wrappers import wrappers

#: How many times as fast as its peer the fit of ours is to be, and then the answer.
_AIMS: dict[Relation, tuple[float | None, float | None]] = {
    "same": (1.0, 1.0),
    "another": (None, None),
    "wrapped": (0.9, 1.0),
}
#: Why an aim of a relation may be missed.
_REASONS: dict[Relation, str] = {
    "wrapped": "beside the library's own work a wrapper turns data into the library's form, copies "
    "what was learned and, of ALS, computes the loss of each epoch, which the library leaves out",
}


def run(quick: bool) -> list[Row]:
    """Return a row for the fit and one for the answer of every case."""
    load = {"surprise": cache(ratings), "implicit": cache(pairs)}
    asked, repeats = (_small(), 1) if quick else (cases() + wrappers(), 3)
    return [row for case in asked for row in rows(case, load[case.library](case.size), repeats)]


def _small() -> list[Case]:
    """Return every case on the small data, once."""
    small = [case._replace(size="100k") for case in cases() + wrappers()]
    return [case for at, case in enumerate(small) if case not in small[:at]]


def rows(case: Case, data: Named, repeats: int) -> list[Row]:
    """Time the fits in turn, then the answers of the models that the last turn left."""
    ours, theirs, what = _sides(case, data)
    often = repeats > 1
    fits = in_turn({"ours": ours.fit, "peer": theirs.fit}, repeats, warm_up=often)
    answers = in_turn({"ours": ours.answer, "peer": theirs.answer}, repeats, warm_up=often)
    quality = {ours.measure: [ours.quality(), theirs.quality()]}
    versus = theirs.versus + (" (another model)" if case.relation == "another" else "")
    return [
        Row(
            f"{data.name}, {case.ours}, {step}",
            found["ours"]["fit"],
            found["peer"]["fit"],
            versus,
            quality,
            faster=aim,
            family=case.family,
            memory=[median(found[side]["memory"]) for side in ("ours", "peer")],
            reason=_REASONS.get(case.relation, ""),
        )
        for step, found, aim in zip(
            ("fit", what), (fits, answers), _AIMS[case.relation], strict=True
        )
    ]


def _sides(case: Case, data: Named) -> tuple[Predictor, Surprise | Implicit, str]:
    """Return ours, the peer, and what they answer."""
    n, peer = len(data.split.test), case.peer.partition(".")[2]
    if case.library == "implicit":
        ours: Predictor = Ranker(data, case.ours, **case.parameters)
        return ours, Implicit(data.split, peer, **case.settings), f"ten items of {n:,} users"
    side = SurpriseFromTable if case.relation == "wrapped" else Surprise
    ours = Predictor(data, case.ours, **case.parameters)
    return ours, side(data.split, peer, **case.settings), f"{n:,} predictions"
