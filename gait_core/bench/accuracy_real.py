"""Real walks without a truth: plausible and complete, each person like himself, changed copies measured alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.accuracy_labels import LABELS, label_figures
from gait_core.bench.accuracy_metamorphic import metamorphic_figures
from gait_core.bench.accuracy_retest import reencoded_figures, retest_figures
from gait_core.bench.common import Table
from gait_core.config import MeasureSettings, profile_named
from gait_core.errors import GaitError, InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.measurement import Measurement, measure, motion_of
from gait_core.pose.extract import ExtractedWalk, extract_many
from gait_core.progress import Reporter
from gait_core.validation.agreement import icc
from gait_core.workspace import Workspace

__all__ = ["SamePerson", "real_figures", "same_person"]

PEOPLE: Final = (1, 3, 6, 9, 14)
RECORDINGS: Final = (1, 3)
PLAUSIBLE_SPM: Final = (80.0, 140.0)
RECOGNISING: Final = (
    "cadence_spm",
    "step_time_s",
    "stride_time_s",
    "stance_time_s",
    "swing_time_s",
    "single_support_s",
    "double_support_s",
    "stance_pct",
    "step_length_leg",
    "stride_length_leg",
    "walking_speed_leg_per_s",
)
"""Times and leg lengths: metres from an assumed height would reflect that height as much as the walk."""
UNLIKELY: Final = 0.05
SamePerson = dict[str, float]


def real_figures(
    data: Path, workspace: Workspace, reporter: Reporter, *, changed: int | None = None
) -> tuple[dict[str, float], list[Table]]:
    """Measure ten walks of five people, compare the people, and measure changed copies.

    Parameters
    ----------
    data : Path
        Folder with ``walks/pNs1.mp4`` and ``walks/pNs3.mp4``, two recordings of each person.
    workspace : Workspace
        Its cache keeps copies and landmarks.
    reporter : Reporter
    changed : int, optional
        How many of the walks are changed and measured again, at least 1; all by default.

    Returns
    -------
    figures : dict
        ``real_walks``, ``real_walks_complete`` (a cadence from 80 to 140 and a stride of each side),
        ``real_cadence_low_spm``, ``real_cadence_high_spm``, ``real_strides``, ``real_fewest_strides_of_a_side``;
        ``real_parameters_closer_same_person`` (of ``real_parameters_compared``) and
        ``real_parameters_closer_not_by_chance``, see `same_person`; ``real_metamorphic_…``, see
        `accuracy_metamorphic.metamorphic_figures`; those of `retest_figures` and `reencoded_figures`, and in a checkout
        those of `label_figures`.
    tables : list of Table

    Raises
    ------
    InputError
        When the folder lacks a walk, or a walk cannot be measured.
    """
    settings = MeasureSettings()
    paths = [data / "walks" / f"p{person}s{recording}.mp4" for person in PEOPLE for recording in RECORDINGS]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise InputError(f"Expected real walks in {data}, but {missing[0].name} is not there.", "Name another folder.")
    pose = profile_named("balanced").pose_settings()
    with reporter.stage("real", f"Measuring {len(paths)} real walks"):
        found = extract_many(paths, pose, workspace=workspace, reporter=reporter)
    walks = [_usable(walk) for walk in found]
    measurements = [measure(motion_of(walk.track, settings), settings) for walk in walks]
    figures = _plausibility(measurements)
    people, people_table = _people(measurements)
    retest, retest_table = retest_figures(measurements)
    labelled, label_tables = _labelled(paths, walks, measurements)
    changes, change_tables = metamorphic_figures(walks[:changed], settings, workspace, reporter)
    again = reencoded_figures(walks[:changed], settings, workspace, reporter)
    tables = [_walks_table(paths, measurements), people_table, retest_table, *label_tables, *change_tables]
    return figures | people | retest | labelled | changes | again, tables


def _labelled(
    paths: Sequence[Path], walks: Sequence[ExtractedWalk], measurements: Sequence[Measurement]
) -> tuple[dict[str, float], list[Table]]:
    """Compare with the labels where they are there: an installed package has none."""
    if not LABELS.is_file():
        return {}, []
    figures, table = label_figures(
        [
            (path.stem, walk.track, measurement.current_events.events)
            for path, walk, measurement in zip(paths, walks, measurements, strict=True)
        ]
    )
    return figures, [table]


def same_person(first: NDArray[np.float64], second: NDArray[np.float64]) -> SamePerson:
    """Compare the difference between two recordings of a person with that between recordings of two people.

    Parameters
    ----------
    first, second : ndarray, shape (n_people,)
        One parameter of the first and of the second recording of each person; 3 to 8 people.

    Returns
    -------
    dict
        ``within`` and ``between``: mean absolute difference. ``probability``: share of all ways to hand the second
        recordings out to the people whose mean difference is as small as the true one. ``icc``: reliability of a
        single recording, ICC(2,1); NaN where it is not defined.

    References
    ----------
    Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses, 3rd ed., chapter 3 (exact permutation test).
    Shrout & Fleiss 1979, Psychol Bull 86:420 (ICC).
    """
    apart = np.abs(first[:, None] - second[None, :])
    people = np.arange(len(first))
    within = float(np.diag(apart).mean())
    orders = [float(apart[people, list(order)].mean()) for order in permutations(people.tolist())]
    reliability = icc(np.stack([first, second], axis=1))
    return {
        "within": within,
        "between": float(apart[~np.eye(len(first), dtype=bool)].mean()),
        "probability": float(np.mean(np.array(orders) <= within + 1e-12)),
        "icc": reliability.value if reliability is not None else float("nan"),
    }


def _usable(walk: ExtractedWalk | GaitError) -> ExtractedWalk:
    if isinstance(walk, GaitError):
        raise walk
    return walk


def _strides_of(measurement: Measurement, side: str) -> int:
    return sum(stride.side == side for stride in measurement.strides)


def _mean(measurement: Measurement, name: str) -> float:
    parameter = measurement.parameters.get(name)
    return parameter.both.mean if parameter is not None and parameter.both is not None else float("nan")


def _plausibility(measurements: Sequence[Measurement]) -> dict[str, float]:
    cadences = np.array([_mean(measurement, "cadence_spm") for measurement in measurements])
    fewest = [min(_strides_of(measurement, side) for side in SIDES) for measurement in measurements]
    plausible = (cadences >= PLAUSIBLE_SPM[0]) & (cadences <= PLAUSIBLE_SPM[1])
    return {
        "real_walks": float(len(measurements)),
        "real_walks_complete": float(np.sum(plausible & (np.array(fewest) > 0))),
        "real_cadence_low_spm": float(np.min(cadences)),
        "real_cadence_high_spm": float(np.max(cadences)),
        "real_strides": float(sum(len(measurement.strides) for measurement in measurements)),
        "real_fewest_strides_of_a_side": float(min(fewest)),
    }


def _people(measurements: Sequence[Measurement]) -> tuple[dict[str, float], Table]:
    results: dict[str, Mapping[str, float]] = {}
    for name in RECOGNISING:
        values = np.array([_mean(measurement, name) for measurement in measurements]).reshape(len(PEOPLE), -1)
        if np.isfinite(values).all():
            results[name] = same_person(values[:, 0], values[:, 1])
    closer = {name: result for name, result in results.items() if result["within"] < result["between"]}
    figures = {
        "real_parameters_compared": float(len(results)),
        "real_parameters_closer_same_person": float(len(closer)),
        "real_parameters_closer_not_by_chance": float(
            sum(result["probability"] <= UNLIKELY + 1e-9 for result in closer.values())
        ),
    }
    for name in ("step_time_s", "step_length_leg"):
        if name in results:
            figures[f"real_{name}_icc"] = results[name]["icc"]
    columns = ["parameter", "same person", "other person", "ratio", "ICC(2,1)", "probability by chance"]
    rows = [
        [name, r["within"], r["between"], r["within"] / r["between"], r["icc"], r["probability"]]
        for name, r in results.items()
    ]
    title = "Mean difference between two recordings: of the same person, of different people"
    return figures, Table(title=title, columns=columns, rows=rows)


def _walks_table(paths: Sequence[Path], measurements: Sequence[Measurement]) -> Table:
    shown = ("cadence_spm", "step_time_s", "stance_pct", "double_support_pct", "step_length_leg")
    rows: list[list[Any]] = [
        [path.stem, *(_strides_of(one, side) for side in SIDES), *(_mean(one, name) for name in shown)]
        for path, one in zip(paths, measurements, strict=True)
    ]
    return Table(title="Real walks", columns=["walk", "left strides", "right strides", *shown], rows=rows)
