"""Lists made elsewhere on the test part of a spec: scored, and kept as a run without a model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from recsys_cli import experiment
from recsys_cli.conventions._base import Convention
from recsys_cli.data import Split
from recsys_cli.errors import NotFound, SpecError
from recsys_cli.evaluation import Evaluator
from recsys_cli.experiment import Prepared
from recsys_cli.external._answers import answered, notes, order
from recsys_cli.findings import Finding, sentence
from recsys_cli.fingerprint import digest, file_digest
from recsys_cli.folding import catalog
from recsys_cli.leakage import audit
from recsys_cli.listener import Listener
from recsys_cli.loaders._listed import read_listed
from recsys_cli.metrics import parse
from recsys_cli.prints import tested
from recsys_cli.runs import FoldRecorder, Run, Store
from recsys_cli.saved import EXTERNAL
from recsys_cli.spec import ExperimentSpec
from recsys_cli.summary import commit
from recsys_cli.training import refitted


def evaluate(
    spec: ExperimentSpec,
    path: Path,
    store: Store,
    listener: Listener,
    *,
    argv: list[str],
    conventions: Sequence[Convention] = (),
) -> Run:
    """Score the lists of a file on the test part of a spec, whose model is not asked.

    Parameters
    ----------
    spec : ExperimentSpec
        Of one fold.
    path : Path
        Columns ``user`` and ``item``, and for the order ``rank`` (1 is best), ``score`` (the
        largest is best) or neither (the first line is best, and there are no other columns);
        equal ones keep the order of lines.
    conventions : sequence of Convention
        Of other tools, reported beside the metrics.

    Returns
    -------
    Run
        ``<name>-external-1`` …, which compares with others and recommends nothing.

    Raises
    ------
    NotFound
        If there is no such file.
    DataError
        If it is malformed, lists an item twice for a user, or has no list for any test user.
    SpecError
        If the spec has several folds, or only metrics that lists do not answer.
    """
    if not path.is_file():
        raise NotFound("no such file", where=str(path))
    listed = read_listed(path, ("rank", "score"))
    if (said := order(listed)) is not None:
        listener.note(said)
    spec = _about_lists(spec, listener)
    prepared = experiment.prepare(spec, listener)
    split = _only(spec, prepared, listener)
    final = refitted(split) if spec.train.refit else split
    leaks = _leaks(spec, final)
    listener.note(sentence(leaks))
    evaluator = Evaluator(final, spec.evaluation, features=prepared.dataset.features)
    listener.note(f"Evaluating {path.name}: {evaluator.describe()}")
    if evaluator.warning is not None:
        listener.note(evaluator.warning)
    depth = max(parse(name).k or 0 for name in spec.evaluation.metrics)
    answers, counts = answered(listed, evaluator, min(depth, final.train.n_items))
    for note in notes(counts, answers.items.shape[1]):
        listener.note(note)
    found = evaluator.judge(answers, conventions)
    found = replace(found, counts=found.counts | counts)
    run = _run(spec, path, store, prepared, split, final, argv)
    data = prepared.dataset.interactions
    commit(run, spec, data, {run.fold_names[0]: found}, {run.fold_names[0]: leaks})
    return run


def _leaks(spec: ExperimentSpec, split: Split) -> list[Finding]:
    """Return the audit of the split; what the model of the spec would read says nothing here."""
    found = [one for one in audit(spec, split) if one.name not in ("features", "popularity")]
    return [*found, Finding("lists", "the lists do not say what they were made from", "unknown")]


def _about_lists(spec: ExperimentSpec, listener: Listener) -> ExperimentSpec:
    """Return the spec with the metrics that lists answer alone; the lists are kept."""
    metrics = [parse(name) for name in spec.evaluation.metrics]
    fit = [m.name for m in metrics if m.metric.kind != "rating" and not m.metric.needs_auc]
    others = [m.name for m in metrics if m.name not in fit]
    why = "a list has neither predicted ratings nor the scores of all items"
    if not fit:
        raise SpecError(
            f"{', '.join(others)}: {why}",
            where="evaluation.metrics",
            hint="take ranking metrics such as ndcg@10; ratings predicted elsewhere are not scored",
        )
    if others:
        listener.note(f"Left out: {', '.join(others)}, for {why}.")
    asked = spec.evaluation.model_copy(update={"metrics": fit, "save_lists": True})
    return spec.model_copy(update={"evaluation": asked})


def _only(spec: ExperimentSpec, prepared: Prepared, listener: Listener) -> Split:
    first = list(itertools.islice(experiment.splits(spec, prepared.dataset, listener), 2))
    if len(first) > 1:
        seeds = spec.seeds is not None
        hint = "write a spec of one fold, such as split: {name: predefined, folds: [u1]}"
        raise SpecError(
            "the spec has several folds, and a file of recommendations answers for one",
            where="seeds" if seeds else "split",
            hint="leave seeds out, and set seed to that of the lists' split" if seeds else hint,
        )
    return first[0]


def _run(
    spec: ExperimentSpec,
    path: Path,
    store: Store,
    prepared: Prepared,
    split: Split,
    final: Split,
    argv: list[str],
) -> Run:
    """Commit a run of the lists' name that is not evaluated yet."""
    source, name = {"file": path.name, "sha256": file_digest(path)}, f"{spec.name}-{EXTERNAL}"
    data = prepared.dataset.interactions.fingerprint
    facts = {
        "model": EXTERNAL,
        "recommendations": source,
        "fingerprints": {
            # Of the lists too: no model that the spec names was trained.
            "spec": digest(spec.fingerprint, source["sha256"]),
            "data": data,
            "split": {split.fold: split.fingerprint},
            "test": {split.fold: tested(spec, split)},
        },
        "dataset": asdict(prepared.dataset.info),
        "prepare": prepared.receipts,
        "stages": {"prepare": round(prepared.seconds, 4)},
    }
    document = spec.document()
    with store.create(
        name, argv=argv, seed=spec.seed, spec_document=document, facts=facts
    ) as recorder:
        fold: FoldRecorder = recorder.fold(None)
        counts = {"user_counts": final.train.user_counts, "item_counts": final.train.item_counts}
        fold.save_model({"name": EXTERNAL, **source}, counts)
        fold.save_catalog(catalog(prepared.dataset, final))
    return store.find(recorder.id)
