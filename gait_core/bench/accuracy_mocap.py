"""How near the measured events, times and angles come to motion capture.

Recorded walks are projected to a side view, sampled at the frame rate of a video, given landmark errors, and measured
like any other walk. No constant of the method was fitted to these walks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.common import Table
from gait_core.config import FeatureSettings, MeasureSettings
from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.gait.events.detect import detect_events
from gait_core.gait.events.model import FOOT_OFF, INITIAL_CONTACT, KINDS, EventSet, GaitEvent
from gait_core.gait.kinematics import Kinematics, compute_kinematics
from gait_core.gait.strides import build_strides
from gait_core.simulate.mocap import MocapWalk, jitter, project
from gait_core.simulate.noise import NoiseModel

__all__ = ["Agreement", "compare_events", "mocap_figures"]

Array = NDArray[np.float64]

TOLERANCE_S: Final = 0.15
"""An event found within this time of a true one is the same event."""
NEAR_S: Final = 0.040
_SHORT: Final[Mapping[str, str]] = {INITIAL_CONTACT: "contact", FOOT_OFF: "off"}


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Events found against true ones.

    Attributes
    ----------
    errors_s : mapping of kind to tuple of float
        Found minus true, s; late is positive.
    missed, extra : int
        True events that were not found, found ones that are not true, away from the ends.
    """

    errors_s: Mapping[str, tuple[float, ...]]
    missed: int
    extra: int

    @property
    def matched(self) -> int:
        """Number of true events that were found."""
        return sum(len(errors) for errors in self.errors_s.values())

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 when nothing is missed and nothing invented."""
        return 2 * self.matched / max(2 * self.matched + self.missed + self.extra, 1)


def compare_events(
    found: EventSet, truth: Sequence[GaitEvent], motion: Kinematics, edge_s: float, tolerance_s: float = TOLERANCE_S
) -> Agreement:
    """Match events with true ones of the same side and kind.

    Parameters
    ----------
    found : EventSet
    truth : sequence of GaitEvent
        May be incomplete: what was found before the first and after the last true event of its side and kind is not
        judged.
    motion : Kinematics
        Tells the passes; true events nearer than `edge_s` and the tolerance to their ends are matched when found, but
        not asked for.
    edge_s : float
    tolerance_s : float
    """
    inner = [(s.start_s + edge_s + tolerance_s / 3, s.end_s - edge_s - tolerance_s / 3) for s in motion.segments]
    errors: dict[str, list[float]] = {kind: [] for kind in KINDS}
    missed = extra = 0
    for side in SIDES:
        for kind in KINDS:
            true = np.array(sorted(e.time_s for e in truth if e.side == side and e.kind == kind))
            times = found.times_s(side, kind)
            pairs = _match(times, true, tolerance_s)
            errors[kind] += [float(times[i] - true[j]) for i, j in pairs]
            lost = [t for j, t in enumerate(true) if j not in {pair[1] for pair in pairs}]
            missed += sum(any(low <= t <= high for low, high in inner) for t in lost)
            unmatched = [t for i, t in enumerate(times) if i not in {pair[0] for pair in pairs}]
            extra += sum(bool(len(true) > 0 and true[0] <= t <= true[-1]) for t in unmatched)
    return Agreement(errors_s={kind: tuple(values) for kind, values in errors.items()}, missed=missed, extra=extra)


def _match(times: Array, true: Array, tolerance_s: float) -> list[tuple[int, int]]:
    """Pair times with true ones, the nearest first."""
    if not len(times) or not len(true):
        return []
    distance = np.abs(times[:, None] - true)
    pairs: list[tuple[int, int]] = []
    while distance.min(initial=np.inf) <= tolerance_s:
        i, j = (int(k) for k in np.unravel_index(int(distance.argmin()), distance.shape))
        pairs.append((i, j))
        distance[i], distance[:, j] = np.inf, np.inf
    return pairs


def mocap_figures(
    folder: Path,
    settings: MeasureSettings | None = None,
    *,
    fps: float = 30.0,
    repeats: int = 8,
    noises: Mapping[str, NoiseModel] | None = None,
) -> tuple[dict[str, float], Table]:
    """Measure every recorded walk of a folder several times with different errors, in both directions.

    Parameters
    ----------
    folder : Path
        With ``.npz`` files, see `MocapWalk.load`.
    settings : MeasureSettings, optional
    fps : float
        Frame rate, Hz.
    repeats : int
        Noise seeds for each walk and direction.
    noises : mapping of name to NoiseModel, optional
        Landmark errors; the figures come from the first. By default 8 mm from frame to frame, those fitted to
        MediaPipe, and none.

    Returns
    -------
    figures : dict
        ``mocap_contact_error_ms`` (median absolute), ``mocap_contact_bias_ms`` (mean), ``mocap_within_40ms_pct`` …
    table : Table
        Each kind of errors, over all walks and for each.

    Raises
    ------
    InputError
        When the folder holds no walk.
    """
    settings = settings or MeasureSettings()
    noises = noises or {
        "8 mm jitter": jitter(),
        "fitted to MediaPipe": NoiseModel.default(),
        "none": NoiseModel.none(),
    }
    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise InputError(f"Expected .npz walks in {folder}, but there are none.", "Name another folder.")
    walks = [MocapWalk.load(path) for path in paths]
    figures: dict[str, float] = {}
    rows: list[list[object]] = []
    for name, noise in noises.items():
        seeds = 1 if noise.source == NoiseModel.none().source else repeats
        each = [_measured(walk, noise, settings, fps, seeds) for walk in walks]
        together = _together(each)
        figures = figures or together
        rows.append([name, "all walks", *together.values()])
        rows += [[name, walk.name, *_together([one]).values()] for walk, one in zip(walks, each, strict=True)]
    columns = ["errors", "walk", *(key.removeprefix("mocap_") for key in figures)]
    return figures, Table(title=f"Motion capture at {fps:g} frames/s", columns=columns, rows=rows)


@dataclass(kw_only=True)
class _Sample:
    """What one walk gave, over its seeds."""

    contact: list[float]
    off: list[float]
    missed: int
    extra: int
    times: dict[str, list[float]]
    knee: list[float]


def _measured(walk: MocapWalk, noise: NoiseModel, settings: MeasureSettings, fps: float, seeds: int) -> _Sample:
    sample = _Sample(contact=[], off=[], missed=0, extra=0, times={"stance": [], "swing": [], "stride": []}, knee=[])
    for seed in range(seeds):
        for direction in (1, -1):
            truth, track = project(walk, fps=fps, seed=seed, noise=noise, direction=direction)
            motion = compute_kinematics(track, FeatureSettings(rate_hz=settings.rate_hz, cutoff_hz=settings.cutoff_hz))
            events = detect_events(motion, settings)
            found = compare_events(events, truth.events, motion, settings.edge_ignore_s)
            sample.contact += found.errors_s[INITIAL_CONTACT]
            sample.off += found.errors_s[FOOT_OFF]
            sample.missed += found.missed
            sample.extra += found.extra
            for name, errors in _time_errors(events, truth.events, motion).items():
                sample.times[name] += errors
            sample.knee += _knee_squares(walk, motion)
    return sample


def _time_errors(events: EventSet, truth: Sequence[GaitEvent], motion: Kinematics) -> dict[str, list[float]]:
    """Return errors of stance, swing and stride time of strides whose three events are all known, s."""
    errors: dict[str, list[float]] = {"stance": [], "swing": [], "stride": []}
    for stride in build_strides(events, motion):
        first, off, last = (
            _nearest(truth, stride.side, kind, time_s)
            for kind, time_s in (
                (INITIAL_CONTACT, stride.start_s),
                (FOOT_OFF, stride.foot_off_s),
                (INITIAL_CONTACT, stride.end_s),
            )
        )
        if first is not None and off is not None:
            errors["stance"].append(stride.foot_off_s - stride.start_s - (off - first))
        if off is not None and last is not None:
            errors["swing"].append(stride.end_s - stride.foot_off_s - (last - off))
        if first is not None and last is not None:
            errors["stride"].append(stride.duration_s - (last - first))
    return errors


def _nearest(truth: Sequence[GaitEvent], side: str, kind: str, time_s: float) -> float | None:
    times = [event.time_s for event in truth if event.side == side and event.kind == kind]
    best = min(times, key=lambda true: abs(true - time_s), default=None)
    return best if best is not None and abs(best - time_s) <= TOLERANCE_S else None


def _knee_squares(walk: MocapWalk, motion: Kinematics) -> list[float]:
    squares: list[float] = []
    for side in SIDES:
        if f"{side}_knee" in walk.angles:
            true = np.interp(motion.time_s, walk.time_s, walk.angles[f"{side}_knee"])
            error = (motion.angles[f"{side}_knee"] - true)[motion.walking]
            squares += (error[np.isfinite(error)] ** 2).tolist()
    return squares


def _together(samples: Sequence[_Sample]) -> dict[str, float]:
    """Return the figures of several walks; every event counts the same."""
    figures: dict[str, float] = {}
    errors = {
        "contact": np.array([e for sample in samples for e in sample.contact]),
        "off": np.array([e for sample in samples for e in sample.off]),
    }
    for name, values in errors.items():
        figures[f"mocap_{name}_error_ms"] = 1000.0 * float(np.median(np.abs(values))) if len(values) else np.nan
        figures[f"mocap_{name}_bias_ms"] = 1000.0 * float(np.mean(values)) if len(values) else np.nan
    both = np.abs(np.concatenate(list(errors.values())))
    figures["mocap_within_40ms_pct"] = 100.0 * float(np.mean(both <= NEAR_S)) if len(both) else np.nan
    wrong = sum(sample.missed + sample.extra for sample in samples)
    figures["mocap_event_f1"] = 2 * len(both) / max(2 * len(both) + wrong, 1)
    for name in ("stance", "swing", "stride"):
        values = np.array([e for sample in samples for e in sample.times[name]])
        figures[f"mocap_{name}_mae_s"] = float(np.mean(np.abs(values))) if len(values) else np.nan
    squares = np.array([e for sample in samples for e in sample.knee])
    figures["mocap_knee_rmse_deg"] = float(np.sqrt(np.mean(squares))) if len(squares) else np.nan
    return figures
