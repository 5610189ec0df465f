"""Trains the autoencoder that every baseline starts from, on simulated people, and calibrates it on others.

Four groups of people, none in two of them: to train on, to stop training by, to learn how normal walks
deviate from a person's own baseline (scale and metric), and to rank later normal walks by (reference).
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.baseline.fit import Fitted, PersonFitter
from gait_core.baseline.pretrained import PRETRAINED_FOLDER, Pretrained, load_pretrained
from gait_core.baseline.reconstruction import Metrics, ReferenceWindows, residual, score_residual, whitening
from gait_core.baseline.stride_profile import profile_metric, stride_phase
from gait_core.baseline.thresholds import Reference
from gait_core.config import FeatureSettings
from gait_core.errors import InputError
from gait_core.gait.features import FEATURE_NAMES
from gait_core.learn.artefact import ModelArtefact, SavableModel, save_artefact
from gait_core.learn.autoencoder import AUTOENCODER
from gait_core.learn.autoencoder.inference import Weights
from gait_core.learn.autoencoder.keras_file import RewrittenModel
from gait_core.learn.autoencoder.networks import build_autoencoder, weights_of
from gait_core.learn.autoencoder.settings import AutoencoderSettings
from gait_core.learn.backend import seed_everything, training_versions
from gait_core.learn.checkpoint import Checkpoint
from gait_core.learn.history import History
from gait_core.learn.loop import TrainingLoop
from gait_core.learn.registry import InputShape
from gait_core.learn.settings import TrainSettings
from gait_core.learn.splits import leave_one_out
from gait_core.progress import Reporter
from gait_core.simulate.noise import NoiseModel
from gait_core.simulate.windows import FIRST_SEED, simulated_walks
from gait_core.workspace import Workspace

__all__ = ["pretrain"]

Array = NDArray[np.float32]
PEOPLE: Final = 700
EPOCHS: Final = 30
_BATCH: Final = 256
_RATE: Final = 3e-3
_METRIC_PEOPLE: Final = 600
_WINDOW_METRIC_PEOPLE: Final = 150
_DIRECTIONS: Final = 120
_REFERENCE_PEOPLE: Final = 199
_REFERENCE_WALKS: Final = 3
_BASELINE_SIZES: Final = (3, 5)
_PRIOR_WEIGHT: Final = 6.0
_VIDEO_FACTOR: Final = 1.25
"""By how much the limits are widened: later walks that were rendered and put through the pose model deviate 1.25 times
as far (root mean square, 72 later walks of 12 people that nothing else was made with) as those of the reference."""


def pretrain(
    out: Path | None,
    workspace: Workspace,
    reporter: Reporter,
    *,
    people: int | None = None,
    cell: str = "gru",
    epochs: int = EPOCHS,
    reference_people: int = _REFERENCE_PEOPLE,
    noise: NoiseModel | None = None,
    keep_network: bool = False,
) -> dict[str, Any]:
    """Train, calibrate and write the model with its manifest.

    A checkpoint lies beside the model as ``.<name>.checkpoint.npz`` until all is done: a run that was killed, started
    again with the same arguments, continues its training after the last finished epoch.

    Parameters
    ----------
    out : Path or None
        ``.keras`` file to write; default: the shipped one.
    workspace : Workspace
        Not written to; named for the record.
    reporter : Reporter
    people : int, optional
        People to train on, each with one walk in either direction; the other groups shrink with it.
    cell : {"gru", "lstm"}
    epochs : int
    reference_people : int
        People whose later walks are ranked; the smallest false-alarm rate is 1 / (people + 1).
    noise : NoiseModel, optional
        Errors of the landmarks; default: those shipped.
    keep_network : bool
        Keep the network that is shipped, and learn only how people deviate and the references of the limits: a quarter
        of the time, and enough where only the errors of the landmarks have changed.

    Returns
    -------
    dict
        ``model``, ``val_loss`` and the manifest.

    Raises
    ------
    InputError
        When `out` is not the name of a ``.keras`` file.
    ModelError, StorageError
        When the checkpoint belongs to another training, or is damaged.
    """
    del workspace
    people = people or PEOPLE
    share = people / PEOPLE
    features, learn = FeatureSettings(), AutoencoderSettings(cell=cell)
    target = out or PRETRAINED_FOLDER / f"autoencoder_{cell}.keras"
    if target.suffix != ".keras":
        raise InputError(
            f"Expected a file name that ends in .keras, but got {target.name!r}.", "Name it, for example, model.keras."
        )
    checkpoint = Checkpoint(
        path=target.with_name(f".{target.name}.checkpoint.npz"), context={"people": people, "learn": learn.to_dict()}
    )
    begun_s = time.perf_counter()
    source = (noise or NoiseModel.default()).source
    if keep_network:
        network = _kept(cell)
    else:
        network = _new_network(people, features, learn, epochs, source, checkpoint, reporter, noise)
    start = Pretrained(
        weights=network.weights,
        mean=network.mean,
        sd=network.sd,
        prior_scale=np.ones_like(network.sd),
        metrics=Metrics(),
        model_path=None,
        manifest=None,
        references={},
    )
    with reporter.stage("metric", "Learning how normal walks deviate"):
        start = _learn_metrics(start, max(12, round(_METRIC_PEOPLE * share)), features, reporter, noise)
    with reporter.stage("reference", "Ranking later normal walks of other people"):
        fitter = PersonFitter(start, learn)
        references = {
            n_walks: _reference(fitter, n_walks, reference_people, features, reporter, noise)
            for n_walks in _BASELINE_SIZES
        }
    details = {
        "command": f"python -m gait_core pretrain --cell {cell}"
        + (f" --people {people}" if people != PEOPLE else "")
        + (" --keep-network" if keep_network else ""),
        "feature_settings": features.to_dict(),
        "people": people,
        "person_seeds": FIRST_SEED,
        **network.facts,
        "duration_s": round(time.perf_counter() - begun_s, 1),
        "video_factor": _VIDEO_FACTOR,
        "noise": source,
        "references": {str(n): reference.to_dict() for n, reference in references.items()},
    }
    written = _write(target, network, start, learn, details)
    checkpoint.delete()
    return {"model": str(target), "val_loss": network.history.best_val_loss, "manifest": written.manifest.to_dict()}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Network:
    """A trained autoencoder, its standardisation, and what is to be noted of its training."""

    model: SavableModel
    weights: Weights
    mean: NDArray[np.float32]
    sd: NDArray[np.float32]
    inputs: InputShape
    history: History
    versions: Mapping[str, str]
    facts: Mapping[str, Any]


def _new_network(
    people: int,
    features: FeatureSettings,
    learn: AutoencoderSettings,
    epochs: int,
    source: str,
    checkpoint: Checkpoint,
    reporter: Reporter,
    noise: NoiseModel | None,
) -> _Network:
    with reporter.stage("cohort", f"Simulating {people} people"):
        training = _windows("train", people, features, reporter, noise)
        validation = _windows("validate", max(8, people // 8), features, reporter, noise)
        mean = training.mean(axis=(0, 1)).astype(np.float32)
        sd = training.std(axis=(0, 1)).astype(np.float32)
    with reporter.stage("train", "Training the autoencoder"):
        model, history = _train((training - mean) / sd, (validation - mean) / sd, learn, epochs, checkpoint, reporter)
    return _Network(
        model=model,
        weights=weights_of(model),
        mean=mean,
        sd=sd,
        inputs=InputShape(axes=tuple(model.input_shape[1:])),
        history=history,
        versions=training_versions() | {"python": platform.python_version()},
        facts={"windows": len(training), "epochs": epochs, "network_noise": source},
    )


def _kept(cell: str) -> _Network:
    """Return the network that is shipped; no training library is needed."""
    shipped = load_pretrained(cell)
    assert shipped.manifest is not None and shipped.model_path is not None
    manifest, made = shipped.manifest, shipped.manifest.details
    return _Network(
        model=RewrittenModel(source=shipped.model_path, weights=shipped.weights),
        weights=shipped.weights,
        mean=shipped.mean,
        sd=shipped.sd,
        inputs=manifest.inputs,
        history=manifest.history,
        versions=manifest.versions,
        facts={name: made[name] for name in ("windows", "epochs") if name in made}
        | {"network_noise": made.get("network_noise", "of the landmarks for display")},
    )


def _windows(use: str, people: int, settings: FeatureSettings, reporter: Reporter, noise: NoiseModel | None) -> Array:
    found: list[Array] = []
    for number in range(people):
        reporter.check()
        for direction in (1, -1):
            # A number of its own per direction: another day, not the same walk mirrored.
            walks = range(1) if direction == 1 else range(1, 2)
            found.extend(simulated_walks(FIRST_SEED[use] + number, walks, direction, settings, noise=noise))
        reporter.progress("cohort", number + 1, people, "people")
    return np.concatenate(found)


def _train(
    training: Array,
    validation: Array,
    settings: AutoencoderSettings,
    epochs: int,
    checkpoint: Checkpoint,
    reporter: Reporter,
) -> tuple[Any, History]:
    seed_everything(settings.seed)
    model = build_autoencoder(training.shape[1], training.shape[2], settings)
    how = TrainSettings(
        epochs=epochs,
        patience=epochs,
        batch_size=_BATCH,
        learning_rate=_RATE,
        decay_steps=epochs * -(-len(training) // _BATCH),
    )
    training, validation = training.astype(np.float32), validation.astype(np.float32)
    history = TrainingLoop(model, how).run(
        (training, training), (validation, validation), reporter=reporter, checkpoint=checkpoint
    )
    return model, history


def _learn_metrics(
    start: Pretrained, people: int, settings: FeatureSettings, reporter: Reporter, noise: NoiseModel | None
) -> Pretrained:
    """Learn the usual residual per feature, and what whitens windows and stride profiles."""
    usual: list[NDArray[np.float64]] = []
    windows: list[Array] = []
    profiles: list[NDArray[np.float64]] = []
    for number in range(people):
        reporter.check()
        walks = list(
            simulated_walks(FIRST_SEED["metric"] + number, range(6), _direction(number), settings, noise=noise)
        )
        if len(walks) > 2:
            scaled = [((walk - start.mean) / start.sd).astype(np.float32) for walk in walks]
            rest = []
            for split in leave_one_out(range(len(scaled))):
                others = ReferenceWindows.of(start.weights, [scaled[i] for i in split.training])
                rest += [residual(start.weights, others, scaled[i]) for i in split.validation]
            own = np.sqrt((np.concatenate(rest).astype(np.float64) ** 2).mean(axis=(0, 1)))
            scores = [
                score_residual(one, stride_phase(walk), own.astype(np.float32), Metrics())
                for one, walk in zip(rest, walks, strict=True)
            ]
            usual.append(own)
            profiles += [score.profile for score in scores]
            if number < _WINDOW_METRIC_PEOPLE:
                windows += [(one / own).astype(np.float32) for one in rest]
        reporter.progress("metric", number + 1, people, "people")
    return replace(
        start,
        prior_scale=np.sqrt(np.mean(np.square(usual), axis=0)).astype(np.float32),
        metrics=Metrics(
            window=whitening(np.concatenate(windows), _DIRECTIONS), profile=profile_metric(np.stack(profiles))
        ),
    )


def _reference(
    fitter: PersonFitter,
    n_walks: int,
    people: int,
    settings: FeatureSettings,
    reporter: Reporter,
    noise: NoiseModel | None,
) -> Reference:
    """Make a baseline for each person and see how later walks deviate from it."""
    held_out: list[NDArray[np.float64]] = []
    later: list[NDArray[np.float64]] = []
    for number in range(people):
        reporter.check()
        walks = list(
            simulated_walks(
                FIRST_SEED["reference"] + number,
                range(n_walks + _REFERENCE_WALKS),
                _direction(number),
                settings,
                noise=noise,
            )
        )
        fitted: Fitted = fitter.fit(walks[:n_walks], reporter.without_events())
        held_out.append(np.log(fitted.held_out_raw))
        later.append(np.log([fitted.scorer.score(walk).overall for walk in walks[n_walks:]]))
        reporter.progress("reference", number + 1, people, "people")
    prior_sd = float(np.sqrt(np.mean([np.var(scores, ddof=1) for scores in held_out])))
    empty = Reference(deviations=np.empty((0, 0)), prior_sd=prior_sd, prior_weight=_PRIOR_WEIGHT, source="")
    deviations = np.full((people, _REFERENCE_WALKS), np.nan)
    for row, own, scores in zip(deviations, held_out, later, strict=True):
        row[: len(scores)] = (scores - own.mean()) / empty.spread(own)
    return replace(empty, deviations=_VIDEO_FACTOR * deviations, source="simulated")


def _direction(number: int) -> int:
    return 1 if number % 2 else -1


def _write(
    target: Path,
    network: _Network,
    start: Pretrained,
    settings: AutoencoderSettings,
    details: dict[str, Any],
) -> ModelArtefact:
    arrays: dict[str, NDArray[Any]] = {f"weights/{name}": value for name, value in start.weights.items()}
    arrays |= {"mean": start.mean, "sd": start.sd, "prior_scale": start.prior_scale}
    arrays |= start.metrics.to_arrays()
    return save_artefact(
        target.with_suffix(""),
        network.model,
        kind=AUTOENCODER.name,
        settings=settings,
        inputs=network.inputs,
        feature_names=FEATURE_NAMES,
        versions=network.versions,
        history=network.history,
        arrays=arrays,
        details=details,
    )
