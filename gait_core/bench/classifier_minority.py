"""Whether focal loss finds more of a rare class than plain cross-entropy with its threshold set on the inner split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.classifier_patients import STROKE, clinical_folder
from gait_core.bench.common import BenchResult, Table
from gait_core.learn.classifier_maker import ClassifierMaker
from gait_core.learn.classifiers import SampleShape, classifier
from gait_core.learn.cross_validation import cross_validate
from gait_core.learn.datasets.recognise import open_dataset
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.simulated import NORMAL, make_dataset
from gait_core.learn.folds import CrossValidationSettings
from gait_core.learn.intervals import Interval, draw_subjects, interval_of
from gait_core.learn.predictions import Predictions
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_classifier_minority", "recall_gain", "with_rare_class"]

_SHARE: Final = 0.22
_DATASET_SEED: Final = 3
_RESAMPLES: Final = 2000
_BRIEF: Final = {"epochs": 3, "patience": 3}
_PLAIN: Final = {"loss": "cross_entropy", "class_weights": False}
_FOCAL: Final = {"loss": "focal", "focal_gamma": 2.0, "label_smoothing": 0.1, "class_weights": True}
_ARMS: Final = (
    "cross-entropy, threshold at one half",
    "cross-entropy, threshold on the inner split",
    "focal, threshold at one half",
    "focal, threshold on the inner split",
)
_BEFORE, _AFTER = _ARMS[1], _ARMS[2]
_COLUMNS: Final = ("data", "training", "recall of the rare class", "recall of the other", "balanced accuracy")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Question:
    """Data with a rare class, and the network that is trained on it."""

    name: str
    samples: Samples
    rare: int
    model: str
    settings: Mapping[str, Any]
    seeds: int


def bench_classifier_minority(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Train with both losses on data in which one class has 22 % of the people (or walks), several times.

    Each repetition draws other people to leave out and divides the rest; both losses see the same ones. The gain is
    that of the focal loss, weighted by class frequency, without a threshold, over plain cross-entropy with its
    threshold set on the inner split; a threshold is set so that the balanced accuracy is highest.

    Parameters
    ----------
    workspace : Workspace
        Not used.
    reporter : Reporter
    quick : bool
        One repetition and few epochs.
    data : str, optional
        Folder with ``clinical/``; required.

    Returns
    -------
    BenchResult
        ``minority_recall_gain`` on the patients, with its 95 % interval from ``minority_recall_gain_low`` to
        ``minority_recall_gain_high``, and ``simulated_minority_recall_gain``; differences of recall, in [-1, 1].

    Raises
    ------
    InputError
        Without the data.
    """
    del workspace
    path = clinical_folder(data) / STROKE
    rows: list[list[Any]] = []
    gains: dict[str, Interval] = {}
    seeds: dict[str, int] = {}
    with TemporaryDirectory() as place, reporter.stage("classifier", "Training with a rare class"):
        space = Workspace(Path(place) / "space")
        for question in _questions(path, Path(place) / "walks", space, reporter, quick=quick):
            arms: dict[str, list[Predictions]] = {name: [] for name in _ARMS}
            seeds[question.name] = question.seeds
            for seed in range(question.seeds):
                samples = with_rare_class(question.samples, question.rare, seed)
                for number, loss in enumerate((_PLAIN, _FOCAL)):
                    folder = Path(place) / f"{question.name}-{seed}-{number}"
                    found = _cross_validated(samples, question, loss, seed, folder, reporter)
                    arms[_ARMS[2 * number]].append(replace(found, thresholds=np.full(len(found), np.nan)))
                    arms[_ARMS[2 * number + 1]].append(found)
            rows += [[question.name, name, *_recalls(own, question.rare)] for name, own in arms.items()]
            gains[question.name] = recall_gain(arms[_BEFORE], arms[_AFTER], question.rare)
    real = gains["stroke"]
    return BenchResult(
        bench="classifier_minority",
        settings={
            "share": _SHARE,
            "seeds": seeds,
            "plain": _PLAIN,
            "focal": _FOCAL,
            "quick": quick,
        },
        figures={
            "minority_recall_gain": real.mean,
            "minority_recall_gain_low": real.ci_low,
            "minority_recall_gain_high": real.ci_high,
            "simulated_minority_recall_gain": gains["simulated"].mean,
        },
        tables=[
            Table(title="A class with 22 % of the people, five folds by subject", columns=_COLUMNS, rows=rows),
            Table(
                title=f"Recall of the rare class: {_AFTER} less {_BEFORE}",
                columns=["data", "gain", "from", "to"],
                rows=[[name, gain.mean, gain.ci_low, gain.ci_high] for name, gain in gains.items()],
            ),
        ],
    )


def with_rare_class(samples: Samples, rare: int, seed: int, share: float = _SHARE) -> Samples:
    """Leave out units of a class at random until it has a given share of all units.

    Parameters
    ----------
    samples : Samples
    rare : int
        Number of the class.
    seed : int
    share : float
        In (0, 1). A unit is a subject, or a walk where subjects have walks of several classes.

    Returns
    -------
    Samples
        In the same order. At least one unit of the class is kept, and all of them where it is no more frequent than
        that.
    """
    names = np.char.add(np.char.add(samples.subjects.astype(np.str_), "\0"), samples.walks.astype(np.str_))
    several = len(set(zip(samples.subjects.tolist(), samples.labels.tolist(), strict=True))) > len(
        set(samples.subjects.tolist())
    )
    units = names if several else samples.subjects
    own = np.unique(units[samples.labels == rare])
    others = len(np.unique(units[samples.labels != rare]))
    kept = min(len(own), max(1, round(others * share / (1.0 - share))))
    chosen = np.random.default_rng([_DATASET_SEED, seed]).permutation(own)[:kept]
    return samples.take(np.flatnonzero((samples.labels != rare) | np.isin(units, chosen)))


def recall_gain(before: Sequence[Predictions], after: Sequence[Predictions], rare: int) -> Interval:
    """Return how much the recall of a class grows.

    Parameters
    ----------
    before, after : sequence of Predictions
        By repetition; both of a repetition for the same rows.
    rare : int
        Number of the class.

    Returns
    -------
    Interval
        Recall after less recall before over all repetitions, in [-1, 1]; the interval comes from a bootstrap over
        subjects.
    """
    sums: dict[str, NDArray[np.float64]] = {}
    for one, other in zip(before, after, strict=True):
        first, second = one.gathered(), other.gathered()
        found = (second.predicted == rare).astype(float) - (first.predicted == rare)
        for name, label, value in zip(first.subjects.tolist(), first.labels.tolist(), found.tolist(), strict=True):
            if label == rare:
                sums[name] = sums.get(name, np.zeros(2)) + np.array([value, 1.0])
    totals = np.array([sums[name] for name in sorted(sums)])
    drawn = draw_subjects(np.zeros(len(totals), np.int64), _RESAMPLES, 0) @ totals
    whole = totals.sum(axis=0)
    return interval_of(float(whole[0] / whole[1]), drawn[:, 0] / np.maximum(drawn[:, 1], 1.0))


def _questions(path: Path, folder: Path, space: Workspace, reporter: Reporter, *, quick: bool) -> list[_Question]:
    calm = reporter.without_events()
    stroke = open_dataset(path, DatasetSettings()).samples(None, space, calm)
    make_dataset(folder, subjects=6 if quick else 15, walks=1, seed=_DATASET_SEED, reporter=calm)
    walks = open_dataset(folder, DatasetSettings(reference_class=NORMAL)).samples(None, space, calm)
    return [
        _Question(
            name="stroke",
            samples=stroke,
            rare=_rare(stroke, "stroke"),
            model="lite",
            settings=_BRIEF if quick else {},
            seeds=1 if quick else 5,
        ),
        _Question(
            name="simulated",
            samples=walks,
            rare=_rare(walks, NORMAL),
            model="tcn",
            settings=_BRIEF if quick else {"epochs": 15, "patience": 5},
            seeds=1 if quick else 2,
        ),
    ]


def _rare(samples: Samples, name: str) -> int:
    """Return the number of the class of a name, or the last one where another table has other names."""
    return samples.classes.index(name) if name in samples.classes else len(samples.classes) - 1


def _cross_validated(
    samples: Samples,
    question: _Question,
    loss: Mapping[str, Any],
    seed: int,
    folder: Path,
    reporter: Reporter,
) -> Predictions:
    make = ClassifierMaker(classifier(question.model), {**question.settings, **loss}, SampleShape.of(samples))
    settings = CrossValidationSettings(seeds=1, first_seed=seed, threshold="inner")
    found = cross_validate(samples, make, settings, folder, reporter.without_events(), needs_inner=True)
    return found.predictions[0]


def _recalls(parts: Sequence[Predictions], rare: int) -> list[float]:
    """Return recall of the class, recall of the other one, and their mean, over repetitions."""
    found = []
    for part in parts:
        units = part.gathered()
        right = units.predicted == units.labels
        found.append([right[units.labels == rare].mean(), right[units.labels != rare].mean()])
    own, other = np.mean(found, axis=0)
    return [float(own), float(other), float((own + other) / 2)]
