"""Simulated datasets: normal gait and eight impairments of people whose seeds no other part of the product uses.

Every person walks in every class, so that who is in a class does not give it away; all walks of a person stay on one
side of a split. It shows that the machinery works, not that a model works on patients.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import SettingsError, StorageError
from gait_core.gait.features import FEATURE_NAMES, FEATURES_VERSION
from gait_core.learn.datasets.recognise import LABELS_FILE
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.stored import SAMPLES, save_dataset, write_description
from gait_core.progress import Reporter, silent
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.simulate.windows import SimulatedWalk, simulated_windows
from gait_core.workspace import storage_guard, write_atomic

__all__ = ["FIRST_PERSON", "NORMAL", "make_dataset", "planned_walks"]

FIRST_PERSON: Final = 6_000_000
"""First person seed; those of trainings, tuning and benchmarks of the baseline lie below (see `simulate.windows`)."""

NORMAL: Final = "normal"
_SEEDS_APART: Final = 10_000
"""Most people of one dataset; the next seed begins so many further on."""
_MOST_SUBJECTS: Final = 1_000
_MOST_WALKS: Final = 30
_NUMBERS_APART: Final = 100
_SEVERITY: Final = (0.5, 1.0)
_NORMAL_TIMES: Final = 3
"""Normal walks per walk of an impairment: of nine classes alike, one alone would be a ninth of the rows."""
_STAGE: Final = "simulate"


def make_dataset(
    folder: Path | str,
    *,
    subjects: int = 30,
    walks: int = 4,
    seed: int = 0,
    impairments: Sequence[str] = tuple(IMPAIRMENTS),
    videos: bool = False,
    settings: DatasetSettings | None = None,
    reporter: Reporter | None = None,
) -> Path:
    """Make a simulated dataset.

    Thirty people with four walks of each impairment take about a minute on one core; as videos, hours.

    Parameters
    ----------
    folder : path-like
        Receives ``samples.npz`` and ``dataset.json``; with `videos` the videos, ``labels.csv`` and ``dataset.json``.
    subjects : int
        People, 2 to 1000.
    walks : int
        Walks of each person with each impairment, 1 to 30, and three times as many normal ones. They alternate in
        direction; the impaired ones vary in severity from 0.5 to 1 and in the affected side.
    seed : int
        0 to 1000; the same seed gives the same people and walks, another one other people.
    impairments : sequence of str
        Classes beside ``normal``, of `gait_core.simulate.impairments.IMPAIRMENTS`.
    videos : bool
        Render the walks instead of computing their windows directly.
    settings : DatasetSettings, optional
        Length and distance of the windows.
    reporter : Reporter, optional

    Returns
    -------
    Path
        The folder, for `open_dataset`.

    Raises
    ------
    SettingsError
        When a parameter is out of range; nothing is written then.
    StorageError
        When the folder cannot be written, or holds something else.
    Cancelled
        When the user stopped the work.
    """
    place, reporter = Path(folder).expanduser().absolute(), reporter or silent()
    settings = settings or DatasetSettings()
    plan = planned_walks(subjects=subjects, walks=walks, seed=seed, impairments=impairments)
    _check_place(place, videos=videos)
    facts: dict[str, Any] = {
        "name": "Simulated walks",
        "several_labels": True,
        "simulated": True,
        "subjects": subjects,
        "walks": walks,
        "seed": seed,
        "impairments": list(impairments),
        "first_person": plan[0].person_seed,
    }
    with reporter.stage(_STAGE, f"Simulating {len(plan)} walks of {subjects} people"):
        if videos:
            _render(place, plan, facts, reporter)
        else:
            samples, refused = _compute(plan, (NORMAL, *impairments), settings, reporter)
            facts |= {
                "refused_walks": refused,
                "features_version": FEATURES_VERSION,
                "window_s": settings.window_s,
                "hop_s": settings.hop_s,
            }
            save_dataset(place, samples, facts)
    return place


def planned_walks(
    *, subjects: int, walks: int, seed: int = 0, impairments: Sequence[str] = tuple(IMPAIRMENTS)
) -> list[SimulatedWalk]:
    """Return the walks of a simulated dataset, person by person.

    Parameters
    ----------
    subjects : int
        Simulated people.
    walks : int
        Walks of each person with each impairment; normal ones are a fixed multiple of that.
    seed : int
        The same seed gives the same walks.
    impairments : sequence of str
        Gaits beside the normal one.

    Returns
    -------
    list of SimulatedWalk

    Raises
    ------
    SettingsError
        When a parameter is out of range.
    """
    _check_range("subjects", subjects, 2, _MOST_SUBJECTS)
    _check_range("walks", walks, 1, _MOST_WALKS)
    _check_range("seed", seed, 0, 1_000)
    unknown = [name for name in impairments if name not in IMPAIRMENTS]
    if unknown or not impairments or len(set(impairments)) < len(impairments):
        raise SettingsError(
            f"Expected different impairments among {', '.join(IMPAIRMENTS)}, but got "
            f"{', '.join(impairments) or 'none'}.",
            "Choose from these.",
        )
    first = FIRST_PERSON + seed * _SEEDS_APART
    return [walk for person in range(first, first + subjects) for walk in _walks_of(person, walks, impairments)]


def _walks_of(person: int, walks: int, impairments: Sequence[str]) -> Iterator[SimulatedWalk]:
    generator = np.random.default_rng([_SEEDS_APART, person])
    low, high = _SEVERITY
    for place, impairment in enumerate((None, *impairments)):
        count = walks if impairment else walks * _NORMAL_TIMES
        # One draw from each part of the range: a person is not by chance always mild.
        severities = low + (high - low) * (generator.permutation(count) + generator.random(count)) / count
        sides = generator.integers(2, size=count)
        for number in range(count):
            yield SimulatedWalk(
                person_seed=person,
                number=place * _NUMBERS_APART + number,
                direction=1 if number % 2 == 0 else -1,
                impairment=impairment,
                severity=round(float(severities[number]), 3) if impairment else 0.0,
                affected_side=("left", "right")[sides[number]],
            )


def _compute(
    plan: Sequence[SimulatedWalk], classes: tuple[str, ...], settings: DatasetSettings, reporter: Reporter
) -> tuple[Samples, int]:
    """Return the windows of all walks, and how many walks gave none."""
    features = settings.feature_settings()
    parts: list[NDArray[np.float32]] = []
    owners: list[SimulatedWalk] = []
    for done, which in enumerate(plan, start=1):
        reporter.check()
        windows = simulated_windows(which, features)
        if windows is not None:
            parts.append(windows)
            owners.append(which)
        reporter.progress(_STAGE, done, len(plan), "walks")
    if not parts:
        raise SettingsError(
            f"Expected walks of at least {settings.window_s:g} s, but none was as long.", "Choose shorter windows."
        )
    counts = [len(part) for part in parts]
    samples = Samples(
        values=np.concatenate(parts),
        lengths=np.full(sum(counts), features.window_frames),
        labels=np.repeat([classes.index(which.impairment or NORMAL) for which in owners], counts),
        subjects=np.repeat([_person(which) for which in owners], counts),
        walks=np.repeat([_name(which) for which in owners], counts),
        channels=FEATURE_NAMES,
        classes=classes,
        kind="windows",
    )
    return samples, len(plan) - len(parts)


def _render(place: Path, plan: Sequence[SimulatedWalk], facts: dict[str, Any], reporter: Reporter) -> None:
    from gait_core.simulate.render import render

    lines = ["video,label,subject"]
    with storage_guard(place):
        place.mkdir(parents=True, exist_ok=True)
    for done, which in enumerate(plan, start=1):
        reporter.check()
        video = place / f"{_name(which)}.mp4"
        if not video.is_file():
            truth = which.truth()
            truth.to_json(video.with_suffix(".truth.json"))
            render(truth, video, seed=which.seed, reporter=reporter.without_events())
        lines.append(f"{video.name},{which.impairment or NORMAL},{_person(which)}")
        reporter.progress(_STAGE, done, len(plan), "walks")
    write_atomic(place / LABELS_FILE, ("\n".join(lines) + "\n").encode())
    write_description(place, {"kind": "labels", **facts})


def _person(which: SimulatedWalk) -> str:
    return f"person{which.person_seed}"


def _name(which: SimulatedWalk) -> str:
    what = (which.impairment or NORMAL).replace("_", "-")
    return f"{_person(which)}_{what}_walk{which.number % _NUMBERS_APART + 1:02d}"


def _check_place(place: Path, *, videos: bool) -> None:
    other = LABELS_FILE if not videos else SAMPLES
    if place.is_file() or (place / other).exists():
        raise StorageError(
            f"Expected an empty folder or an earlier dataset of the same kind at {place}, but something else is there.",
            "Choose another folder.",
        )


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise SettingsError(
            f"Expected {name} between {low} and {high}, but got {value}.", "Give a value in that range."
        )
