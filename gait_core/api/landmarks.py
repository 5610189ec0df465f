"""The landmarks of walks as objects: one track per video, as a table and as a figure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gait_core.api.display import COLOURS, data_frame, new_figure
from gait_core.api.results import WalkResult, WalkResults
from gait_core.config import PoseSettings
from gait_core.pose.extract import extract_track
from gait_core.pose.landmarks import LANDMARKS
from gait_core.pose.track import Track
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["ExtractedWalks", "WalkLandmarks"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WalkLandmarks(WalkResult):
    """The landmarks of one walk, as returned by `extract`.

    Attributes
    ----------
    answer : dict
        Its entry in the JSON of the command.
    workspace : Workspace
        Holds the cache.
    settings : PoseSettings
        What decided the landmarks.
    use_cache : bool
        False: the landmarks were not kept, and `track` extracts them again.
    """

    answer: dict[str, Any] = field(repr=False)
    workspace: Workspace
    settings: PoseSettings
    use_cache: bool = True

    @cached_property
    def track(self) -> Track:
        """The landmarks, from the cache where they are still there; raises the error of a video that failed."""
        self._checked()
        found = extract_track(self.path, self.settings, workspace=self.workspace, use_cache=self.use_cache)
        return found.track

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per frame and landmark.

        Returns
        -------
        pandas.DataFrame
            ``time_s``, ``landmark``, ``x_px`` and ``y_px`` in the frame, ``world_x_m`` … from the middle of the hips,
            ``confidence`` in [0, 1]; NaN where nothing was found.

        Raises
        ------
        GaitError
            The error of a video that failed.
        """
        track = self.track
        n = len(track)
        columns: dict[str, Any] = {
            "walk": [self.name] * (n * len(LANDMARKS)),
            "frame": np.repeat(np.arange(n), len(LANDMARKS)),
            "time_s": np.repeat(track.time_s, len(LANDMARKS)),
            "landmark": list(LANDMARKS) * n,
        }
        for axis, name in enumerate("xy"):
            columns[f"{name}_px"] = track.position[:, :, axis].ravel()
        for axis, name in enumerate("xyz"):
            columns[f"world_{name}_m"] = track.world[:, :, axis].ravel()
        columns["confidence"] = track.confidence.ravel()
        return data_frame([]).assign(**columns)

    def plot(self) -> Figure:
        """Draw the height of both ankles in the frame over time.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        GaitError
            The error of a video that failed.
        """
        track = self.track
        figure, (axes,) = new_figure()
        for side in ("left", "right"):
            row = LANDMARKS.index(f"{side}_ankle")
            axes.plot(track.time_s, track.height_px - track.position[:, row, 1], color=COLOURS[side], label=side)
        axes.set(xlabel="Time (s)", ylabel="Height of the ankle in the frame (px)", title=self.name)
        axes.legend(frameon=False)
        return figure

    def _facts(self) -> dict[str, object]:
        return {
            "walk": self.name,
            "frames": self.answer["frames"],
            "detection_rate": self.answer["detection_rate"],
            "frame_rate_hz": self.answer["frame_rate_hz"],
            "cached": self.answer["cached"],
        }


class ExtractedWalks(WalkResults[WalkLandmarks]):
    """The walks that `extract` was given, in order; a video that failed is an entry with its `error`."""

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per video: frames, share with a person, frame rate, what is doubtful.

        Returns
        -------
        pandas.DataFrame
            The landmarks themselves are in the table of each entry.
        """
        rows = [{**walk._row(), "path": str(walk.path)} for walk in self]
        return data_frame(rows, ("walk", "frames", "detection_rate", "frame_rate_hz", "cached"))

    def plot(self) -> Figure:
        """Draw the share of frames in which the person was found, for every walk.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure, (axes,) = new_figure()
        shares = [100.0 * walk.answer["detection_rate"] if walk.ok else 0.0 for walk in self]
        axes.bar(range(len(self)), shares, color=COLOURS["normal"])
        axes.set_xticks(range(len(self)), [walk.name for walk in self], rotation=30, ha="right")
        axes.set(xlabel="Walk", ylabel="Frames with a person (%)", ylim=(0, 100))
        return figure
