"""What holds of every registered model; a new file in models/ is tested by being there."""

from __future__ import annotations

import inspect
import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from recsys_cli import threads
from recsys_cli.data import CSR
from recsys_cli.errors import DataError, MissingExtra
from recsys_cli.fingerprint import digest
from recsys_cli.models import MODELS, _factor
from recsys_cli.models._size import Size
from recsys_cli.models._stored import of_all_users, of_everyone, of_users
from recsys_cli.seeding import generator
from tests.conftest import side_features

USERS = np.arange(83, dtype=np.int32)
_MEMBER = {"factors": 8, "epochs": 3}
SMALL = {**_MEMBER, "burn_in": 1}
#: Bytes of what depends on features and on chance, as lists of items do, of such small data.
SLACK = 8192
#: What models made of other models need; each model takes those parameters that it has.
MEMBERS = {
    "models": [{"name": "content"}, {"name": "hybrid", **_MEMBER}],
    "cold": {"name": "content"},
    "warm": {"name": "hybrid", **_MEMBER},
    "threshold": 25,
}
RATERS = [{"name": "item-knn"}, {"name": "mf", **_MEMBER}]
#: Every model as it is, and again where parameters make another model of it.
CASES = {name: (name, {}) for name in MODELS} | {
    "item-knn of implicit feedback": ("item-knn", {"target": "implicit"}),
    "user-knn of implicit feedback": ("user-knn", {"target": "implicit"}),
    "mf by als": ("mf", {"solver": "als"}),
    "svd of centred ratings": ("svd", {"centre": "both"}),
    "ensemble of ratings": ("ensemble", {"models": RATERS}),
    "switch of ratings": ("switch", {"cold": RATERS[0], "warm": RATERS[1]}),
    "bayesian-mf with all terms": (
        "bayesian-mf",
        {"implicit": True, "flipped": True, "features": True, "samples": 4},
    ),
}


def build(case, **parameters):
    """Return the model of a case, with those of the parameters that it has."""
    name, own = CASES[case]
    cls = MODELS.get(name)
    asked = (MEMBERS | parameters).items()
    return cls(**{key: value for key, value in asked if key in cls.Config.model_fields} | own)


def fit(case, data, seed=1, known=None, **parameters):
    """Return the model of a case fitted to data, whose side features are ``known``."""
    sides = side_features(data) if known is None else known
    try:
        return build(case, **(SMALL | parameters)).fit(
            data, features=sides, rng=generator(seed, "model")
        )
    except MissingExtra as missing:
        pytest.skip(str(missing))


def cases(holds):
    """Run a test for each case of which something holds."""
    return pytest.mark.parametrize("name", [case for case in CASES if holds(build(case))])


each = pytest.mark.parametrize("name", CASES)
each_class = pytest.mark.parametrize("name", MODELS.names())
each_of_ratings = cases(lambda model: model.predicts_ratings)
each_that_explains = cases(lambda model: hasattr(type(model), "explain"))
each_of_similar_items = cases(lambda model: hasattr(model, "similar_items"))
each_of_rows = cases(lambda model: model.users_are_rows)
each_of_factors = cases(lambda model: hasattr(model.config, "factors"))


@pytest.fixture
def data(ratings, make):
    """The ratings, with three users and four items that have none."""
    columns = (ratings.user_idx, ratings.item_idx, ratings.value, ratings.timestamp)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    return make(rows, (83, 64), (1, 5))


def same(a, b):
    assert a.keys() == b.keys()
    return all(a[key].dtype == b[key].dtype and np.array_equal(a[key], b[key]) for key in a)


@each
def test_what_is_saved_is_foreseen(name, data):
    """An estimate from above, but not by much: the peaks of tests/torture follow from it."""
    model, size = fit(name, data), Size(data.n_users, data.n_items, len(data))
    saved = sum(array.nbytes for array in model.arrays().values())
    foreseen = model.stored_bytes(size)
    assert saved <= 1.1 * foreseen + SLACK and foreseen <= 4 * saved + SLACK
    assert model.fit_bytes(size) >= foreseen


@each
def test_a_fit_left_after_any_epoch_is_taken_up_to_the_same_bits(name, data):
    """What a checkpoint holds is all there is; arrays come back plain, as from a file."""
    kept, total = [], 4

    def keep(model, epoch, loss):
        found = model.checkpoint(epoch)
        if found is not None:
            arrays = {key: np.array(array, order="C") for key, array in found.arrays.items()}
            kept.append(replace(found, arrays=arrays))

    def through(**how):
        made = build(name, **SMALL | {"epochs": total})
        return made.fit(data, features=side_features(data), rng=generator(1, "model"), **how)

    whole = through(on_epoch=keep).arrays()
    for begins in kept:
        epochs = []
        again = through(begins=begins, on_epoch=lambda *told, to=epochs: to.append(told[1]))
        assert epochs == list(range(begins.epoch + 1, total + 1))
        assert same(again.arrays(), whole)
    own = not CASES[name][0].startswith(("implicit-", "surprise-"))
    assert len(kept) == (total - 1 if own and build(name).stops_between_epochs else 0)


@each_class
def test_is_documented(name):
    cls = MODELS.get(name)
    assert cls.spec_name() == name
    assert len(inspect.getdoc(cls).splitlines()) > 3
    assert cls.feedback in ("explicit", "implicit")
    assert inspect.getdoc(cls.Config)
    for field, info in cls.Config.model_fields.items():
        assert info.description, f"{name}.{field} has no docstring"


@each_class
def test_says_when_to_take_it_and_what_it_builds_on(name):
    """A sentence begins "Take it"; own models also have a paragraph "Differences from …"."""
    told = " ".join(inspect.getdoc(MODELS.get(name)).split())
    assert "Take it " in told
    assert "References ----------" in told
    assert name.startswith(("implicit-", "surprise-")) or "Differences from " in told


def test_importing_them_all_imports_nothing_heavy():
    code = (
        "import sys; from recsys_cli.models import MODELS\n"
        "for name in MODELS: MODELS.get(name)\n"
        "print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numba", "scipy", "implicit", "surprise", "pandas", "pyarrow", "safetensors"}
    assert not heavy & set(run.stdout.split())


@each
def test_fit_returns_self_reports_its_epochs_and_leaves_the_data(name, data):
    before = digest(data.user_idx, data.item_idx, data.value, data.timestamp)
    calls = []
    model = build(name, **SMALL)
    try:
        found = model.fit(
            data,
            features=side_features(data),
            rng=generator(1, "model"),
            on_epoch=lambda m, epoch, loss: calls.append((m is model, epoch, loss)) or epoch == 2,
        )
    except MissingExtra as missing:
        pytest.skip(str(missing))
    assert found is model
    assert [call[:2] for call in calls] == [(True, 1), (True, 2)][: len(calls)]
    assert all(loss is None or np.isfinite(loss) for *_, loss in calls)
    assert digest(data.user_idx, data.item_idx, data.value, data.timestamp) == before


@each
def test_refit_is_a_fresh_fit(name, data):
    fresh = fit(name, data).arrays()
    model = fit(name, data.take(np.arange(500)), seed=3)
    again = model.fit(data, features=side_features(data), rng=generator(1, "model"))
    assert same(again.arrays(), fresh)


@each
def test_same_seed_same_bits_at_any_thread_count(name, data):
    if not build(name).deterministic:
        pytest.skip(f"{name} declares that it is not deterministic")
    found = []
    for count in (1, 2, 3, 8):
        with threads.use(count):
            model = fit(name, data)
            answer = dict(zip(("items", "scores"), model.recommend(USERS, 20), strict=True))
            found.append({**model.arrays(), **answer, **model.fold_in(data.csr).arrays()})
    assert all(same(found[0], other) for other in found[1:])


@each
def test_nothing_to_learn_from_is_an_error(name, data):
    with pytest.raises(DataError, match="no training"):
        build(name).fit(data.take(np.arange(0)), rng=generator(1, "model"))


@each
def test_a_batch_scores_as_single_users_do(name, data):
    model = fit(name, data)
    batch = model.score(USERS)
    assert batch.dtype == np.float32
    assert batch.shape == (83, 64)
    some = [0, 1, 17, 40, 63, 79, 80, 82]
    alone = np.concatenate([model.score(USERS[u : u + 1]) for u in some])
    tolerance = 1e-5 * np.abs(batch).max()
    np.testing.assert_allclose(alone, batch[some], rtol=0, atol=tolerance)
    items, scores = model.recommend(USERS, 10)
    for u in some:
        one, _ = model.recommend(USERS[u : u + 1], 10)
        np.testing.assert_allclose(batch[u, one[0]], scores[u], rtol=0, atol=2 * tolerance)
    assert (np.sort(items, axis=1)[:, 1:] != np.sort(items, axis=1)[:, :-1]).all()


@each
def test_arrays_are_all_there_is_to_save(name, data):
    model = fit(name, data)
    file = io.BytesIO()
    np.savez(file, **model.arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as saved:
        loaded = type(model).from_arrays(model.config, dict(saved))
    np.testing.assert_array_equal(loaded.score(USERS), model.score(USERS))
    for a, b in zip(loaded.recommend(USERS, 5), model.recommend(USERS, 5), strict=True):
        np.testing.assert_array_equal(a, b)
    folded = loaded.fold_in(data.csr)
    np.testing.assert_array_equal(folded.score(USERS), model.fold_in(data.csr).score(USERS))
    if model.predicts_ratings:
        items = USERS % 64
        np.testing.assert_array_equal(loaded.predict(USERS, items), model.predict(USERS, items))


class Stored:
    """An array that tells which of its rows were asked for."""

    def __init__(self, array):
        self.array, self.shape, self.asked = array, array.shape, 0

    def whole(self):
        return self.array

    def rows(self, start, stop):
        self.asked += stop - start
        return self.array[start:stop]


@each_of_rows
def test_some_users_read_alone_are_served_as_among_all(name, data):
    whole = fit(name, data)
    arrays = {key: Stored(array) for key, array in whole.arrays().items()}
    users = np.array([41, 0, 82, 7], np.int32)
    read = of_users(arrays, users.tolist())
    assert arrays["user_counts"].asked == 4
    bare = type(whole).from_arrays(whole.config, of_everyone(arrays) | of_users(arrays, []))
    some, local = bare.with_users(read), np.arange(4, dtype=np.int32)
    np.testing.assert_array_equal(some.score(local), whole.score(users))
    for found, expected in zip(some.recommend(local, 9), whole.recommend(users, 9), strict=True):
        np.testing.assert_array_equal(found, expected)
    asks = ("predict", "predict_std") if whole.predicts_ratings else ()
    for ask in (ask for ask in asks if hasattr(whole, ask)):
        found, expected = (
            getattr(m, ask)(u, users % 64) for m, u in ((some, local), (whole, users))
        )
        np.testing.assert_array_equal(found, expected)
    everyone = bare.with_users(of_all_users(arrays))
    assert same(everyone.arrays(), whole.arrays()) and len(bare.user_counts_) == 0


@each
@pytest.mark.parametrize("k", [1, 10, 70])
def test_excluded_items_and_other_than_candidates_are_never_returned(name, data, k):
    model = fit(name, data)
    candidates = np.arange(64) % 7 > 0
    items, scores = model.recommend(USERS, k, exclude=data.csr, candidates=candidates)
    allowed = np.tile(candidates, (83, 1))
    allowed[data.user_idx, data.item_idx] = False
    np.testing.assert_array_equal((items >= 0).sum(1), np.minimum(k, allowed.sum(1)))
    rows = np.nonzero(items >= 0)[0]
    assert allowed[rows, items[items >= 0]].all()
    assert (np.diff(np.where(items < 0, -1e30, scores), axis=1) <= 0).all()
    assert (np.diff((items >= 0).astype(int), axis=1) <= 0).all()


@each
def test_scores_in_parts_are_the_scores(name, data, monkeypatch):
    monkeypatch.setattr(_factor, "_PART", 1)
    monkeypatch.setattr(_factor, "_LEAST_ITEMS", 10)
    model, users = fit(name, data), np.append(USERS, -1).astype(np.int32)
    parts = [part.copy() for part in model.score_parts(users)]
    assert len(parts) in (1, 6)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), model.score(users), atol=1e-5)


@each
def test_cold_and_unknown_users_get_the_popular_items(name, data):
    items, _ = fit(name, data).recommend(np.array([81, -1], np.int32), 64)
    popular = np.argsort(-data.item_counts, kind="stable")
    np.testing.assert_array_equal(items, [popular, popular])


@each
def test_folding_in_leaves_the_model_and_scores_every_history(name, data):
    model = fit(name, data)
    before = model.arrays()
    copies = {key: array.copy() for key, array in before.items()}
    folded = model.fold_in(data.csr.rows(np.arange(82, -1, -1)))
    assert same(model.arrays(), copies)
    assert np.isfinite(folded.score(USERS)).all()
    np.testing.assert_array_equal(folded.user_counts_, data.user_counts[::-1])
    np.testing.assert_array_equal(folded.score(USERS[:3]), model.score(USERS[80:])[::-1])


@each
def test_a_history_of_items_never_trained_on_is_that_of_a_cold_user(name, data):
    model, user = fit(name, data), np.zeros(1, np.int32)
    unseen = np.array([61], np.int32)
    folded = model.fold_in(CSR(np.array([0, 1]), unseen, np.full(1, 4, np.float32), 64))
    scores = folded.score(user)[0]
    if model.scores_new_items:
        assert scores.std() > 0
    else:
        np.testing.assert_array_equal(scores, model.item_counts_)
    if model.predicts_ratings:
        assert np.isfinite(
            folded.predict(np.zeros(64, np.int32), np.arange(64, dtype=np.int32))
        ).all()


@each_of_factors
def test_a_folded_in_history_serves_like_the_trained_user(name, data):
    model = fit(name, data, epochs=20)
    trained, again = model.score(USERS[:80]), model.fold_in(data.csr).score(USERS[:80])
    alike = [np.corrcoef(a, b)[0, 1] for a, b in zip(trained, again, strict=True)]
    assert np.mean(alike) > 0.6


@each
def test_a_history_of_other_items_is_refused(name, data):
    model = fit(name, data)
    empty = CSR(np.zeros(2, np.int64), np.empty(0, np.int32), np.empty(0, np.float32), 65)
    with pytest.raises(DataError, match="64 items"):
        model.fold_in(empty)


@each_of_ratings
def test_ratings_are_predicted_for_every_pair(name, data):
    model = fit(name, data, epochs=20)
    users, items = (part.ravel().astype(np.int32) for part in np.indices((83, 64)))
    predicted = model.predict(users, items)
    assert predicted.dtype == np.float32
    assert np.isfinite(predicted).all()
    assert abs(predicted[(users >= 80) | (items >= 60)].mean() - data.value.mean()) < 0.5
    error = model.predict(data.user_idx, data.item_idx) - data.value
    assert np.sqrt(np.mean(error**2)) < data.value.std()


@each_of_factors
def test_collaborative_models_solve_the_checkerboard(name, make):
    explicit = build(name).feedback == "explicit"
    rng = np.random.default_rng(11)
    rows, holes = [], []
    for u in range(40):
        own = np.arange(u % 2, 40, 2)
        holes.append(int(own[(u // 2) % 20]))
        rows += [(u, int(i), 5.0) for i in own if i != holes[-1]]
        if explicit:
            others = rng.choice(np.arange(1 - u % 2, 40, 2), 12, replace=False)
            rows += [(u, int(i), 1.0) for i in others]
    board = make([(*row, time) for time, row in enumerate(rows)], (40, 40), (1, 5))
    model = fit(name, board, factors=2, epochs=50)
    best, _ = model.recommend(USERS[:40], 1, exclude=board.csr)
    assert np.mean(best[:, 0] == holes) > 0.95


@each_that_explains
def test_an_explanation_adds_up_to_the_score(name, data):
    model, items = fit(name, data).fold_in(data.csr), np.array([3, 0, 63, 17], np.int32)
    for u in (0, 5, 41):
        history = data.csr.rows(np.array([u]))
        base, parts = model.explain(u, items, history)
        assert parts.shape == (4, len(history.indices))
        scores = model.score(np.array([u], np.int32))[0, items]
        tolerance = 1e-4 * max(1, np.abs(parts).sum(axis=1).max())
        np.testing.assert_allclose(base + parts.sum(axis=1), scores, rtol=0, atol=tolerance)


@each_of_similar_items
def test_similar_items_are_other_items_best_first(name, data):
    items, scores = fit(name, data).similar_items(np.array([0, 7, 63], np.int32), 5)
    assert items.shape == scores.shape == (3, 5)
    assert not (items == np.array([[0], [7], [63]])).any()
    there = items >= 0
    assert np.isfinite(scores[there]).all()
    assert (np.diff(np.where(there, scores, -1e30), axis=1) <= 0).all()
    assert there[0].all()
    assert len(set(items[0].tolist())) == 5
