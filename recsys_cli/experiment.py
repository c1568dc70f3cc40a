"""The whole story: load, prepare, split, train, evaluate; read it top to bottom."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recsys_cli import demands, foresight, soundness
from recsys_cli.conventions._base import Convention
from recsys_cli.data import Dataset, Split
from recsys_cli.errors import DamagedRun, SplitMismatch
from recsys_cli.evaluation import Evaluation, Evaluator
from recsys_cli.findings import Finding, sentence, together
from recsys_cli.folding import final_part, train_folds
from recsys_cli.folds import folds_of
from recsys_cli.leakage import audit
from recsys_cli.listener import DOWNLOAD, SILENT, Listener
from recsys_cli.loaders import LOADERS
from recsys_cli.loaders._base import Loader
from recsys_cli.prepare import FILTERS
from recsys_cli.prints import given_candidates, require_same, require_same_candidates
from recsys_cli.pruning import Objective
from recsys_cli.runs import Left, Run, Store
from recsys_cli.saved import load_model
from recsys_cli.seeding import generator
from recsys_cli.spec import ExperimentSpec
from recsys_cli.specfile import from_document
from recsys_cli.summary import commit


@dataclass(frozen=True, eq=False)
class Prepared:
    """A dataset after its filters, what each filter left, and how long it took in seconds."""

    dataset: Dataset
    receipts: list[dict[str, Any]]
    seconds: float


def prepare(spec: ExperimentSpec, listener: Listener) -> Prepared:
    """Load the dataset and apply its filters, telling the receipt of each.

    Raises
    ------
    NotFound, DataError
        As the loader and the filters do.
    """
    started = time.perf_counter()
    loader = LOADERS.create(spec.dataset.loader)
    fetch(loader, listener)
    foresight.require_load(loader)
    listener.progress("load", 0, None)
    dataset = loader.load()
    listener.progress("load", 1, 1)
    info, data = dataset.info, dataset.interactions
    listener.note(
        f"{info.name}: {len(data):,} interactions of {data.n_users:,} users and "
        f"{data.n_items:,} items."
    )
    if info.skipped:
        listener.note(f"{info.skipped:,} bad rows were skipped.")
    receipts = []
    for place, config in enumerate(spec.dataset.prepare):
        rng = generator(spec.seed, f"prepare/{place}")
        listener.progress(f"filter {config.component_name()}", 0, None)
        dataset, receipt = FILTERS.create(config).apply(dataset, rng)
        listener.progress(f"filter {config.component_name()}", 1, 1)
        listener.note(str(receipt))
        receipts.append(asdict(receipt))
    return Prepared(dataset, receipts, time.perf_counter() - started)


def fetch(loader: Loader[Any], listener: Listener) -> Path | None:
    """Make sure that a dataset's files are there, and return their folder, if it has any.

    Raises
    ------
    NotFound, DataError
        As the loader does.
    """
    return loader.fetch(
        listener.note, lambda done, size: listener.progress(DOWNLOAD, done, size or None)
    )


def splits(spec: ExperimentSpec, dataset: Dataset, listener: Listener = SILENT) -> Iterator[Split]:
    """Yield the folds of the spec's splitter; with ``seeds``, those of each seed in turn."""
    listener.progress("split", 0, None)
    for split in folds_of(spec, dataset):
        listener.progress("split", 1, 1)
        yield split
        del split  # before the next is made


def audits(spec: ExperimentSpec, listener: Listener) -> list[list[Finding]]:
    """Return what the audit of leakage finds of every fold, training nothing.

    Raises
    ------
    RecsysError
        As :func:`prepare` does, or if the data cannot be split so or do not serve the evaluation.
    """
    dataset = prepare(spec, listener).dataset
    demands.check(spec, dataset)
    return [audit(spec, final_part(spec, split)) for split in splits(spec, dataset, listener)]


def train(
    spec: ExperimentSpec,
    store: Store,
    listener: Listener,
    *,
    argv: list[str],
    prepared: Prepared | None = None,
    folds: Sequence[Split] | None = None,
    objective: Objective | None = None,
    checkpoint: float | None = None,
) -> Run:
    """Fit a model on every fold of the spec and commit the run.

    Parameters
    ----------
    folds : sequence of Split, optional
        The spec's folds, or the first of them, when they are made already.
    objective : Objective, optional
        What a trial of a search is judged by, and which may end it before its last fold.
    checkpoint : float, optional
        Seconds between two checkpoints, from which :func:`resume` goes on; see
        :class:`FoldRecorder`.

    Returns
    -------
    Run
        Complete, not yet evaluated.

    Raises
    ------
    RecsysError
        Whatever stops it; a run begun by then is left behind as failed, with its traceback.
    """
    soundness.check(spec)
    prepared = prepared or prepare(spec, listener)
    dataset = prepared.dataset
    demands.check(spec, dataset, None if objective is None else objective.metric)
    foresight.require(spec, dataset)
    mark = {} if objective is None else {"search": dict(objective.mark)}
    with store.create(
        spec.name,
        argv=argv,
        seed=spec.seed,
        spec_document=spec.document(),
        facts=_facts(spec, prepared) | mark,
    ) as recorder:
        made = folds or splits(spec, dataset, listener)
        train_folds(spec, dataset, made, recorder, listener, objective, checkpoint)
    return store.find(recorder.id)


def resume(
    stopped: Left,
    store: Store,
    listener: Listener,
    *,
    argv: list[str],
    checkpoint: float | None = None,
) -> Run:
    """Go on with a run that failed or was interrupted, to the bits it would have had.

    Folds that are whole stay, one under way goes on from its newest checkpoint, or begins anew.

    Raises
    ------
    DamagedRun, SplitMismatch
        If its spec, the data or the file of candidates are not those that it was begun with.
    RecsysError
        As :func:`train`; the run is then left behind as it was, failed anew.
    """
    spec = from_document(stopped.spec_document)
    prints = stopped.record["fingerprints"]
    if prints.get("spec", spec.fingerprint) != spec.fingerprint:
        raise DamagedRun("the spec is not the one that the run began with", where=str(stopped.path))
    soundness.check(spec)
    require_same_candidates(stopped.record, spec)
    prepared = prepare(spec, listener)
    _require_same_data(stopped.path.name, prepared, prints["data"])
    source = prepared.dataset.info.source_hash
    if stopped.record["dataset"].get("source_hash", source) != source:
        raise _other_data(stopped.path.name)
    demands.check(spec, prepared.dataset)
    foresight.require(spec, prepared.dataset)
    with store.resume(stopped, argv=argv) as recorder:
        made = splits(spec, prepared.dataset, listener)
        train_folds(spec, prepared.dataset, made, recorder, listener, None, checkpoint)
    return Run(stopped.path)


def _facts(spec: ExperimentSpec, prepared: Prepared) -> dict[str, Any]:
    """Return what the record says of a run before its first fold is trained."""
    data = prepared.dataset
    prints = {"spec": spec.fingerprint, "data": data.interactions.fingerprint}
    given = given_candidates(spec)
    candidates = {} if given is None else {"candidates": given}
    return {
        "fingerprints": {**prints, **candidates, "split": {}, "test": {}},
        "dataset": asdict(data.info),
        "prepare": prepared.receipts,
        "best_epochs": {},
        **({} if spec.seeds is None else {"seeds": spec.seeds}),
        "stages": {"prepare": round(prepared.seconds, 4)},
    }


def _require_same_data(run: str, prepared: Prepared, fingerprint: str) -> None:
    if fingerprint != prepared.dataset.interactions.fingerprint:
        raise _other_data(run)


def _other_data(run: str) -> SplitMismatch:
    return SplitMismatch(
        "the data are not those that the run was trained on",
        where=run,
        hint="put the original files back, or train again",
    )


def evaluate(
    run: Run,
    listener: Listener,
    *,
    prepared: Prepared | None = None,
    metrics: Sequence[str] = (),
    conventions: Sequence[Convention] = (),
) -> dict[str, Evaluation]:
    """Score a run on the test part of every fold and commit the metrics to its folder.

    Parameters
    ----------
    metrics : sequence of str
        Instead of those of the run's spec. The rest of it holds: on what, and over whom.
    conventions : sequence of Convention
        What they report of other tools' definitions is committed beside the metrics.

    Raises
    ------
    SpecError
        If there is no such metric, or the model or the data do not serve it.
    SplitMismatch
        If the data or a split made now differ from those the run was trained on.
    """
    spec = measuring(from_document(run.spec_document), metrics)
    soundness.check(spec)
    prepared = prepared or prepare(spec, listener)
    _require_same_data(run.id, prepared, run.record["fingerprints"]["data"])
    foresight.require(spec, prepared.dataset, trains=False)
    found: dict[str, Evaluation] = {}
    leaks: dict[str, list[Finding]] = {}
    for split in splits(spec, prepared.dataset, listener):
        require_same(run.record, spec, split)
        name = split.fold if len(run.fold_names) > 1 else run.fold_names[0]
        part = final_part(spec, split)
        leaks[name] = audit(spec, part)
        evaluator = Evaluator(part, spec.evaluation, features=prepared.dataset.features)
        listener.note(f"Evaluating fold {split.fold}: {evaluator.describe()}")
        if evaluator.warning is not None:
            listener.note(evaluator.warning)
        model = load_model(run.fold(name))
        if evaluator.all_new and not model.scores_new_items:
            listener.note(
                f"No relevant item has a training interaction, and {model.spec_name()} scores none "
                "that has not: recsys list models names those that do; they need candidates: all."
            )
        found[name] = evaluator.evaluate(model, listener, conventions)
        if found[name].counts.get("tied_lists"):
            listener.note(_tied(found[name].counts))
        if len(found) == len(run.fold_names):
            break  # a trial of a search may have trained on the first folds only
        del split, part, evaluator, model  # before the next are made
    listener.note(sentence(together(list(leaks.values()))))
    commit(run, spec, prepared.dataset.interactions, found, leaks)
    return found


def _tied(counts: dict[str, int]) -> str:
    return (
        f"{counts['tied_lists']:,} of {counts['ranked_users']:,} lists are cut among items of the "
        "same score: the lower item index decides which are in."
    )


def measuring(spec: ExperimentSpec, metrics: Sequence[str]) -> ExperimentSpec:
    """Return the spec with other metrics; as it is where none are named."""
    if not metrics:
        return spec
    asked = spec.evaluation.model_copy(update={"metrics": list(dict.fromkeys(metrics))})
    return spec.model_copy(update={"evaluation": asked})
