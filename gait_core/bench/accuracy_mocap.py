"""How near the measured events, times and angles come to motion capture.

Recorded walks are projected to a side view, sampled at the frame rate of a video, given landmark errors, and measured
like any other walk. No constant of the method was fitted to these walks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gait_core.bench.common import Table
from gait_core.config import MeasureSettings
from gait_core.errors import InputError
from gait_core.markers.projection import jitter
from gait_core.simulate.noise import NoiseModel
from gait_core.validation.mocap import mocap_evidence
from gait_core.validation.validate import conclude

__all__ = ["mocap_figures"]

_SHOWN: Final = (
    "contact_error_ms",
    "contact_bias_ms",
    "off_error_ms",
    "off_bias_ms",
    "within_40ms_pct",
    "event_f1",
    "stance_mae_s",
    "swing_mae_s",
    "stride_mae_s",
    "knee_rmse_deg",
)


def mocap_figures(
    folder: Path,
    settings: MeasureSettings | None = None,
    *,
    fps: float = 30.0,
    repeats: int = 8,
    noises: Mapping[str, NoiseModel] | None = None,
) -> tuple[dict[str, float], Table]:
    """Measure projected motion capture and compare with the recording.

    Parameters
    ----------
    folder : Path
        With ``.npz`` files, see `gait_core.markers.mocap_walk.MocapWalk.load`.
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
        ``mocap_contact_error_ms`` (median absolute), ``mocap_contact_bias_ms``, ``mocap_within_40ms_pct`` …
    table : Table
        Each kind of errors, over all walks and for each.

    Raises
    ------
    InputError
        When the folder holds no walk.
    """
    noises = noises or {
        "8 mm jitter": jitter(),
        "fitted to MediaPipe": NoiseModel.default(),
        "none": NoiseModel.none(),
    }
    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise InputError(f"Expected .npz walks in {folder}, but there are none.", "Name another folder.")
    figures: dict[str, float] = {}
    rows: list[list[object]] = []
    for name, noise in noises.items():
        seeds = range(1 if noise.source == NoiseModel.none().source else repeats)
        each = [mocap_evidence(path, settings, fps=fps, seeds=seeds, noise=noise) for path in paths]
        together = conclude([one for evidence, _ in each for one in evidence], each[0][1]).figures
        figures = figures or {f"mocap_{key}": together[key] for key in _SHOWN if key in together}
        rows.append([name, "all walks", *_row(together)])
        rows += [
            [name, path.stem, *_row(conclude(evidence, reference).figures)]
            for path, (evidence, reference) in zip(paths, each, strict=True)
        ]
    return figures, Table(title=f"Motion capture at {fps:g} frames/s", columns=["errors", "walk", *_SHOWN], rows=rows)


def _row(figures: Mapping[str, float]) -> list[float]:
    return [figures.get(key, float("nan")) for key in _SHOWN]
