"""Events against motion capture, recording by recording: the bias of each laboratory, and slow and impaired walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.common import Table
from gait_core.config import MeasureSettings
from gait_core.errors import InputError, WalkRefused
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, GaitEvent
from gait_core.gait.measurement import measure, motion_of
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.projection import jitter, project
from gait_core.validation.event_agreement import match_events

__all__ = ["laboratory_figures"]

_KINDS: Final = ((INITIAL_CONTACT, "contact"), (FOOT_OFF, "off"))
_CLOSE_S: Final = 0.05
_MARGIN_S: Final = 0.15
"""Events this far outside the labels of a recording are not labelled there, and count neither way."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Kind:
    """One kind of event of one recording, over all projections."""

    errors_s: NDArray[np.float64]
    close: int
    found: int
    true: int

    @property
    def f1(self) -> float:
        return 2 * self.close / (self.found + self.true) if self.found + self.true else float("nan")

    @property
    def bias_ms(self) -> float:
        return 1000.0 * float(np.median(self.errors_s)) if len(self.errors_s) else float("nan")


def laboratory_figures(data: Path, *, fps: float = 30.0, repeats: int = 4) -> tuple[dict[str, float], list[Table]]:
    """Measure every recording by itself, with 8 mm of landmark error, and count every labelled event.

    Parameters
    ----------
    data : Path
        Folder with ``mocap/`` and, where it is there, ``mocap_slow/``.
    fps : float
        Frame rate, Hz.
    repeats : int
        Noise seeds for each recording and direction.

    Returns
    -------
    figures : dict
        ``lab_contact_worst_bias_ms`` and ``lab_off_worst_bias_ms``, the largest median error of a recording with its
        sign; over the slow recordings ``slow_contact_error_ms`` and ``slow_off_error_ms`` (median absolute),
        ``slow_contact_f1`` and ``slow_off_f1`` (within 50 ms, every label counted), ``slow_contact_worst_f1`` and
        ``slow_off_worst_f1`` (the worst recording), and ``slow_refused``.
    tables : list of Table

    Raises
    ------
    InputError
        When a folder holds no recording.
    """
    figures: dict[str, float] = {}
    rows: list[list[Any]] = []
    every: dict[str, list[_Kind]] = {name: [] for _, name in _KINDS}
    for folder in ("mocap", "mocap_slow"):
        if folder == "mocap_slow" and not (data / folder).is_dir():
            continue
        paths = sorted((data / folder).glob("*.npz"))
        if not paths:
            raise InputError(f"Expected .npz walks in {data / folder}, but there are none.", "Name another folder.")
        found = [_recording(path, fps=fps, seeds=range(repeats)) for path in paths]
        refused = [count for _, count in found]
        for name in every:
            every[name] += [kinds[name] for kinds, _ in found]
        if folder == "mocap_slow":
            figures |= _slow([kinds for kinds, _ in found]) | {"slow_refused": float(sum(map(bool, refused)))}
        for path, (kinds, count) in zip(paths, found, strict=True):
            values = [value for kind in kinds.values() for value in (_error_ms(kind), kind.bias_ms, kind.f1)]
            rows.append([path.stem, folder, *values, count])
    for name, each in every.items():
        biases = [kind.bias_ms for kind in each if np.isfinite(kind.bias_ms)]
        figures[f"lab_{name}_worst_bias_ms"] = max(biases, key=abs)
    columns = [
        "recording",
        "folder",
        *(f"{name} {what}" for _, name in _KINDS for what in ("error ms", "bias ms", "F1")),
    ]
    title = f"Motion capture at {fps:g} frames/s, recording by recording; F1 within 50 ms over every label"
    return figures, [Table(title=title, columns=[*columns, "refused"], rows=rows)]


def _recording(path: Path, *, fps: float, seeds: Sequence[int]) -> tuple[dict[str, _Kind], int]:
    """Return both kinds of events of a recording, and how many of its projections were refused."""
    walk, settings, refused = MocapWalk.load(path), MeasureSettings(), 0
    pairs: list[tuple[Sequence[GaitEvent], Sequence[GaitEvent]]] = []
    for seed in seeds:
        for direction in (1, -1):
            truth, track = project(walk, fps=fps, seed=seed, noise=jitter(), direction=direction)
            try:
                found = measure(motion_of(track, settings), settings).current_events.events
            except WalkRefused:
                found, refused = (), refused + 1
            pairs.append((found, truth.events))
    return {name: _kind(pairs, kind) for kind, name in _KINDS}, refused


def _kind(pairs: Sequence[tuple[Sequence[GaitEvent], Sequence[GaitEvent]]], kind: str) -> _Kind:
    errors: list[NDArray[np.float64]] = []
    close = count = true = 0
    for found, reference in pairs:
        labels = [event for event in reference if event.kind == kind]
        if not labels:
            continue
        first_s, last_s = labels[0].time_s - _MARGIN_S, labels[-1].time_s + _MARGIN_S
        own = [event for event in found if event.kind == kind and first_s <= event.time_s <= last_s]
        errors.append(match_events(own, labels).errors_s)
        close += len(match_events(own, labels, tolerance_s=_CLOSE_S).pairs)
        count, true = count + len(own), true + len(labels)
    joined = np.concatenate(errors) if errors else np.array([])
    return _Kind(errors_s=joined, close=close, found=count, true=true)


def _error_ms(kind: _Kind) -> float:
    return 1000.0 * float(np.median(np.abs(kind.errors_s))) if len(kind.errors_s) else float("nan")


def _slow(recordings: Sequence[dict[str, _Kind]]) -> dict[str, float]:
    """Return the figures of the slow recordings, each counting once."""
    figures: dict[str, float] = {}
    for _, name in _KINDS:
        kinds = [recording[name] for recording in recordings]
        figures[f"slow_{name}_error_ms"] = float(np.nanmean([_error_ms(kind) for kind in kinds]))
        figures[f"slow_{name}_f1"] = float(np.mean([kind.f1 for kind in kinds]))
        figures[f"slow_{name}_worst_f1"] = float(np.min([kind.f1 for kind in kinds]))
    return figures
