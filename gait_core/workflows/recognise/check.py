"""Compares the ways of running a network: the same walks on every device at every level: `check_consistency`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import GaitError, InputError
from gait_core.progress import Reporter
from gait_core.recognition.gallery.distances import part_distances
from gait_core.recognition.model_store import RecognitionModel, find_model
from gait_core.runtime.devices import DeviceChoice, find_devices
from gait_core.workflows.recognise.embed import WalkOptions
from gait_core.workflows.recognise.embedding import LEVELS, STAGE, NetworkRun
from gait_core.workflows.recognise.sources import Outcome, WalkSource, find_sources
from gait_core.workspace import Workspace

__all__ = ["AGREES", "MOST_WALKS", "CheckRequest", "check_consistency"]

MOST_WALKS: Final = 24
"""Walks that are compared; their frames stay in memory, because every way of running takes them again."""
AGREES: Final = 1e-4
"""Largest difference, of the largest value, up to which embeddings count as equal."""
_LEVELS: Final = ((LEVELS[0], True), *((level, False) for level in LEVELS))


@dataclass(frozen=True, kw_only=True)
class CheckRequest(WalkOptions):
    """Which walks are embedded again and again, with which model; `level` and `strict` are not used."""


def check_consistency(
    request: CheckRequest, workspace: Workspace, reporter: Reporter, *, arrays: Sequence[NDArray[Any]] = ()
) -> dict[str, Any]:
    """Embed the same walks on every device for recognition and at every level, and compare with strict float32.

    The CPU comes first, so that its strict float32 is the reference. Each way embeds all walks twice; the time is
    that of the second run, without compiling.

    Parameters
    ----------
    request : CheckRequest
    workspace : Workspace
    reporter : Reporter
        Stage ``embed``.
    arrays : sequence of ndarray, shape (frames, height, width)
        Silhouettes in memory, after the walks that are named.

    Returns
    -------
    dict
        ``runs``: for each way ``level``, ``strict``, ``precision``, ``device``, ``notes``, ``first_s`` (loading and
        compiling included), ``ms_per_walk``, ``largest_difference`` (of the largest value of the reference),
        ``agrees``, ``nearest_changed`` (walks whose nearest other walk is another one than with the reference). The
        first is the reference. ``walks``, ``left_out`` [{name, error}], ``model``, ``timing_s``.

    Raises
    ------
    InputError
        When no walk can be used, or the model and the walks do not fit together.
    NotFoundError, ModelError
        When there is no such model, or it is damaged.
    Cancelled
    """
    sources = find_sources([*request.sources, *arrays])
    model = find_model(workspace, request.model)
    reader = request.reader(model.settings, workspace, reporter)
    ways = [(choice, *way) for choice in _choices() for way in _LEVELS]
    with reporter.stage(STAGE, f"Embedding up to {MOST_WALKS} walks in {len(ways)} ways"):
        used, left_out = [], []
        for source, outcome in reader.read(sources[:MOST_WALKS]):
            problem = _problem(outcome, model)
            if problem is None:
                used.append((source, outcome))
            else:
                left_out.append({"name": source.name, "error": problem.to_dict()})
        if not used:
            raise InputError(
                f"Expected at least one walk with good frames, but none of {len(left_out)} has any.",
                "Choose other walks; embedding them says what is wrong with each.",
            )
        runs: list[_Way] = []
        for number, (choice, level, strict) in enumerate(ways):
            run = NetworkRun(model, reporter, level=level, strict=strict, choice=choice)
            runs.append(_timed(run, used, request.view, reporter))
            reporter.progress(STAGE, number + 1, len(ways), "ways")
    reference = runs[0]
    return {
        "model": model.to_dict(),
        "runs": [run.to_dict(reference) for run in runs],
        "walks": [source.name for source, _ in used],
        "left_out": left_out,
        "not_read": max(0, len(sources) - MOST_WALKS),
        "timing_s": reporter.timing_s,
    }


@dataclass(frozen=True, kw_only=True, eq=False)
class _Way:
    """One way of running and what came of it; `parts` has the shape (walks, 256, parts)."""

    device: dict[str, Any]
    parts: NDArray[np.float32]
    first_s: float
    second_s: float

    def to_dict(self, reference: _Way) -> dict[str, Any]:
        difference = float(np.abs(self.parts - reference.parts).max() / np.abs(reference.parts).max())
        return {
            **{name: self.device[name] for name in ("level", "strict", "precision", "notes")},
            "device": self.device["name"],
            "first_s": self.first_s,
            "ms_per_walk": 1000 * self.second_s / len(self.parts),
            "largest_difference": difference,
            "agrees": difference <= AGREES,
            "nearest_changed": int(np.sum(_nearest(self.parts) != _nearest(reference.parts))),
        }


def _choices() -> list[DeviceChoice]:
    """Return every kind of device that can run a network here, the CPU first."""
    by_kind = {device.kind: device for device in find_devices() if "recognition" in device.usable_for}
    ordered = sorted(by_kind.values(), key=lambda device: device.kind != "cpu")
    return [DeviceChoice(device=device, score=device.score, reason=device.reason) for device in ordered]


def _timed(network: NetworkRun, walks: Sequence[tuple[WalkSource, Outcome]], view: str, reporter: Reporter) -> _Way:
    taken_s = []
    with network as run:
        for _ in range(2):
            reporter.check()
            begun_s = time.perf_counter()
            found = [walk.embedding.parts for walk in run.embed(walks, view=view) if walk.embedding is not None]
            taken_s.append(time.perf_counter() - begun_s)
        device = run.device
    return _Way(device=device, parts=np.stack(found), first_s=taken_s[0], second_s=taken_s[1])


def _problem(outcome: Outcome, model: RecognitionModel) -> GaitError | None:
    """Return why a walk cannot be embedded with a model."""
    if isinstance(outcome, GaitError):
        return outcome
    try:
        outcome.sequence.for_network(model.settings)
    except InputError as error:
        return error
    return None


def _nearest(parts: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the nearest other walk of each; 0 for a single walk."""
    distances = part_distances(parts, parts)
    np.fill_diagonal(distances, np.inf)
    return np.asarray(distances.argmin(axis=1), np.int64)
