"""How a dataset is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gait_core.config import DEFAULT_PROFILE, PERSONS, FeatureSettings, Settings
from gait_core.errors import SettingsError
from gait_core.walks.clips import CLIP_CHANNELS

__all__ = ["DatasetSettings"]


@dataclass(frozen=True, kw_only=True)
class DatasetSettings(Settings):
    """How a dataset is read.

    Attributes
    ----------
    reference_class : str or None
        A class that is set against all others, which become one class ``other``; None keeps every class.
    features : sequence of str
        Columns of a parameter table, or channels, that are used, covariates among them; empty uses all but covariates.
    missing : {"refuse", "drop"}
        ``refuse`` makes a missing value in a table an error; ``drop`` leaves its row out and counts it.
    several_labels : bool
        One subject may have several labels, as in a study that measured everybody in several conditions.
    table : {"auto", "rows", "series"}
        Whether each line of a parameter table is a row to learn from, or the lines of a subject are a series whose
        summary is. ``auto`` takes a series from a median of 20 lines per subject (or walk, where there is such a
        column).
    rows : {"windows", "curves", "clips"}
        What a video becomes: windows of the feature sequence, its strides as curves of 101 points, or a clip of small
        images of the walker.
    channels : {"outline", "silhouette", "skeleton_maps"}
        What a clip shows: the person's outline 64 px high and as wide as it is; the outline cut to 64 x 44 px; or limbs
        and joints drawn from the landmarks, 64 x 44 px.
    window_s, hop_s : float
        Length and distance of the windows, s.
    doubtful : bool
        Also use videos with a warning under which a score would mislead, such as a low frame rate.
    subject_pattern : str
        Regular expression that finds the subject in the file name of a video, in a folder per class; its first group
        counts, or else all of it. Empty: the folder within that of the class, or else the name up to the first ``_``.
    profile : str
        Performance profile by which landmarks are found in videos.
    person : str
        Whom to follow where several people are in view, see `PoseSettings`.
    """

    reference_class: str | None = None
    features: Sequence[str] = ()
    missing: str = "refuse"
    several_labels: bool = False
    table: str = "auto"
    rows: str = "windows"
    channels: str = "outline"
    window_s: float = 1.92
    hop_s: float = 0.32
    doubtful: bool = False
    subject_pattern: str = ""
    profile: str = DEFAULT_PROFILE
    person: str = "auto"

    _ranges = {"window_s": (0.4, 5.0), "hop_s": (0.02, 2.0)}
    _choices = {
        "missing": ("refuse", "drop"),
        "several_labels": (False, True),
        "doubtful": (False, True),
        "table": ("auto", "rows", "series"),
        "rows": ("windows", "curves", "clips"),
        "channels": tuple(CLIP_CHANNELS),
        "person": PERSONS,
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.features, str):
            raise SettingsError(f"Expected a list of features, but got {self.features!r}.", "Put it in a list.")
        object.__setattr__(self, "features", tuple(self.features))
        try:
            re.compile(self.subject_pattern)
        except re.error as error:
            raise SettingsError(
                f"Expected subject_pattern to be a regular expression, but got {self.subject_pattern!r} ({error}).",
                r"Give one such as '(s\d+)', or leave it empty.",
            ) from error

    def feature_settings(self) -> FeatureSettings:
        """Return how the windows are cut."""
        return FeatureSettings(window_s=self.window_s, hop_s=self.hop_s)
