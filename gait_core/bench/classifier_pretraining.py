"""Whether a network that first learned to fill gaps in simulated curves finds patients better than one that did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.classifier_patients import STROKE, clinical_folder
from gait_core.bench.common import BenchResult, Table
from gait_core.learn.backend import load_keras, seed_everything
from gait_core.learn.classifier_maker import ClassifierMaker
from gait_core.learn.classifiers import SampleShape
from gait_core.learn.classifiers.lite import LITE, LiteSettings
from gait_core.learn.classifiers.network import NetworkClassifierKind
from gait_core.learn.comparison import compare_folds
from gait_core.learn.cross_validation import CrossValidation, cross_validate
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.simulated import planned_walks
from gait_core.learn.folds import CrossValidationSettings
from gait_core.learn.keras_network import KerasNetwork
from gait_core.learn.registry import InputShape
from gait_core.learn.scores import score
from gait_core.progress import Reporter
from gait_core.simulate.person import sample_person
from gait_core.simulate.walker import walk
from gait_core.workspace import Workspace

__all__ = ["bench_classifier_pretraining", "hidden_pieces", "sagittal", "simulated_strides"]

Array = NDArray[np.float32]
_JOINTS: Final = ("ankle", "knee")
"""Curves that both the patients' tables and the simulator have; the third one of the tables, of the
ankle in the frontal plane, has no simulated counterpart."""
_CHANNELS: Final = tuple(f"{side}_{joint}_flexion_deg" for side in ("left", "right") for joint in _JOINTS)
_POINTS: Final = 101
_DATASET_SEED: Final = 11
_HIDDEN: Final = (10, 30)
"""Points that are hidden in one piece of each curve, fewest and most."""
_LAST: Final = "separable_2_norm"
"""Last layer with one value for each point of the stride."""
_SUBJECTS: Final = (120, 12)
_EPOCHS: Final = (40, 2)
_SEEDS: Final = (5, 1)
"""At length, and for a first look."""
_BATCH: Final = 64
_COLUMNS: Final = ("lite, sagittal curves of knee and ankle", "balanced accuracy", "from", "to", "AUC")


@dataclass(frozen=True, kw_only=True)
class _Pretraining:
    """Weights by layer, and the error in what was hidden, in SDs of each channel."""

    weights: dict[str, list[Array]]
    error_first: float
    error_last: float


def bench_classifier_pretraining(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Cross-validate LITE on patients from scratch and from weights that were learned on simulated strides.

    The first task needs no labels: a piece of each curve is hidden, and the network gives the whole curve back (masked
    modelling, Devlin et al. 2019). Both arms see the same folds of the same people and the same channels.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        Few simulated people, few epochs, one division.
    data : str, optional
        Folder with ``clinical/``; required.

    Returns
    -------
    BenchResult

    Raises
    ------
    InputError
        Without the data.
    """
    del workspace
    path = clinical_folder(data) / STROKE
    place = int(quick)
    with TemporaryDirectory() as name, reporter.stage("classifier", "Learning from strides without labels"):
        folder = Path(name)
        samples = sagittal(
            open_dataset(path, DatasetSettings()).samples(None, Workspace(folder / "space"), reporter.without_events())
        )
        strides = simulated_strides(_SUBJECTS[place], reporter)
        learned = _pretrained(strides, SampleShape.of(samples), _EPOCHS[place], reporter)
        arms = {
            "from scratch": LITE,
            "after learning to fill gaps in simulated strides": replace(LITE, network=_begun_with(learned.weights)),
        }
        settings = CrossValidationSettings(seeds=_SEEDS[place])
        found = {
            arm: _cross_validated(samples, kind, settings, folder / f"arm-{number}", reporter, quick=quick)
            for number, (arm, kind) in enumerate(arms.items())
        }
    scratch, begun = found.values()
    gain = compare_folds(begun.records, scratch.records)
    return BenchResult(
        bench="classifier_pretraining",
        settings={
            "strides": len(strides),
            "people": _SUBJECTS[place],
            "epochs": _EPOCHS[place],
            "seeds": settings.seeds,
            "channels": list(_CHANNELS),
            "quick": quick,
        },
        figures={
            "pretraining_gain": gain.difference,
            "pretraining_gain_low": gain.ci_low,
            "pretraining_gain_high": gain.ci_high,
            "pretraining_p": gain.p,
            "hidden_error_first_epoch_sd": learned.error_first,
            "hidden_error_last_epoch_sd": learned.error_last,
        },
        tables=[
            Table(
                title="Stroke against control, five folds by subject",
                columns=_COLUMNS,
                rows=[[arm, *_told(one)] for arm, one in found.items()],
            )
        ],
    )


def sagittal(samples: Samples) -> Samples:
    """Return samples with the curves alone that the simulator has too, in its order.

    Returns
    -------
    Samples
        Flexion of ankle and knee, left side first.
    """
    columns = [samples.channels.index(name) for name in _CHANNELS]
    return replace(samples, values=samples.values[:, :, columns], channels=_CHANNELS)


def simulated_strides(subjects: int, reporter: Reporter) -> Array:
    """Make strides of simulated people in normal and impaired gaits.

    As in the table of patients, each side is cut at its own contacts, and the strides of both sides stand side by side.

    Returns
    -------
    ndarray, shape (n, 101, 4), float32
        Flexion of ankle and knee, left side first, degrees.
    """
    plan = planned_walks(subjects=subjects, walks=1, seed=_DATASET_SEED)
    rows = []
    for done, one in enumerate(plan, start=1):
        truth = walk(
            sample_person(one.person_seed),
            seed=one.number,
            impairment=one.impairment,
            severity=one.severity,
            affected_side=one.affected_side,
            direction=one.direction,
        )
        sides = [_cycles(truth, side) for side in ("left", "right")]
        rows += [np.concatenate(pair, axis=1) for pair in zip(*sides, strict=False)]
        reporter.progress("classifier", done, len(plan), "walks")
    return np.asarray(rows, dtype=np.float32)


def _cycles(truth: Any, side: str) -> Iterator[NDArray[np.float64]]:
    contacts = truth.event_times_s(side, "initial_contact")
    for begin_s, end_s in pairwise(contacts):
        at = np.linspace(begin_s, end_s, _POINTS)
        if truth.time_s[0] <= begin_s and end_s <= truth.time_s[-1]:
            yield np.stack([np.interp(at, truth.time_s, truth.angle_deg(side, joint)) for joint in _JOINTS], axis=1)


def hidden_pieces(count: int, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Draw one piece of each stride that is hidden, in all channels alike.

    Returns
    -------
    ndarray, shape (n, 101, 1), bool
        True for hidden points.
    """
    lengths = generator.integers(_HIDDEN[0], _HIDDEN[1] + 1, size=count)
    starts = generator.integers(0, _POINTS - lengths + 1)
    at = np.arange(_POINTS)
    inside: NDArray[np.bool_] = (at >= starts[:, None]) & (at < (starts + lengths)[:, None])
    return inside[:, :, None]


def _pretrained(strides: Array, shape: SampleShape, epochs: int, reporter: Reporter) -> _Pretraining:
    """Let the network fill gaps; return its weights up to the last layer that has a value for each point."""
    keras = load_keras()
    seed_everything(0)
    network = LITE.network.build(LiteSettings(), shape.size)
    hidden = keras.ops.relu(network.get_layer(_LAST).output)
    filler = keras.Model(network.input, keras.layers.Conv1D(len(_CHANNELS), 1, name="filled")(hidden))
    filler.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    values = (strides - strides.mean(axis=(0, 1))) / strides.std(axis=(0, 1))
    generator = np.random.default_rng(0)
    errors = []
    for epoch in range(epochs):
        reporter.check()
        mask = hidden_pieces(len(values), generator)
        given = np.concatenate([np.where(mask, 0.0, values), np.ones_like(mask)], axis=2).astype(np.float32)
        weights = np.broadcast_to(mask[:, :, 0], values.shape[:2]).astype(np.float32)
        story = filler.fit(given, values, sample_weight=weights, batch_size=_BATCH, verbose=0)
        errors.append(float(story.history["loss"][0]) / float(weights.mean()))
        reporter.progress("classifier", epoch + 1, epochs, "epochs")
    used = {layer.name for layer in filler.layers if layer.weights} - {"filled"}
    return _Pretraining(
        weights={name: network.get_layer(name).get_weights() for name in used},
        error_first=float(np.sqrt(errors[0])),
        error_last=float(np.sqrt(errors[-1])),
    )


def _begun_with(weights: dict[str, list[Array]]) -> KerasNetwork:
    """Return the network that begins with weights instead of random ones; its last layer stays random."""

    def build(settings: Any, shape: InputShape) -> Any:
        network = LITE.network.build(settings, shape)
        for name, values in weights.items():
            network.get_layer(name).set_weights(values)
        return network

    return replace(LITE.network, build=build)


def _cross_validated(
    samples: Samples,
    kind: NetworkClassifierKind,
    settings: CrossValidationSettings,
    folder: Path,
    reporter: Reporter,
    *,
    quick: bool,
) -> CrossValidation:
    make = ClassifierMaker(kind, {"epochs": 3, "patience": 3} if quick else {}, SampleShape.of(samples))
    return cross_validate(samples, make, settings, folder, reporter.without_events(), needs_inner=True)


def _told(found: CrossValidation) -> list[float]:
    metrics = score(found.predictions, seed=0).to_dict()["metrics"]
    accuracy = metrics["balanced_accuracy"]
    return [accuracy["mean"], accuracy["ci_low"], accuracy["ci_high"], metrics["auc"]["mean"]]
