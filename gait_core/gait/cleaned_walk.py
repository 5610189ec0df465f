"""The landmarks of one walk, checked, repaired and smoothed: what features and measurement both start from.

Features are sampled at 25 Hz and measurements at 100 Hz. Up to here both are the same walk, because the filter runs on
one fine grid for both. What comes after depends on the rate: the passes, the view and the motion are found for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gait_core.config import FeatureSettings
from gait_core.errors import WalkRefused
from gait_core.gait.body import check_orientation, leg_length_px
from gait_core.gait.channels import ROWS
from gait_core.gait.cleaning import Cleaned, clean
from gait_core.gait.signals import Signals, Smoothed, filter_rate_hz, smooth
from gait_core.phrases import plural
from gait_core.pose.landmarks import INDEX
from gait_core.pose.track import Track

__all__ = ["CleanedWalk", "clean_walk", "repaired_landmarks"]

_CLEANING: Final = ("min_confidence", "max_gap_s", "max_arm_gap_s", "repair_swaps")
"""Settings on which the repairs depend."""
_ROWS: Final = tuple(INDEX[name] for name in ROWS)


@dataclass(frozen=True, kw_only=True, eq=False)
class CleanedWalk:
    """A walk after cleaning and smoothing, from which its motion is found at any rate.

    Attributes
    ----------
    found : Track
        Landmarks as the pose model found them.
    cleaned : Cleaned
        Landmarks after the repairs, and the list of repairs.
    smoothed : Smoothed
        Image positions of `channels.ROWS` on the fine grid.
    settings : FeatureSettings
        By which the walk was cleaned and smoothed.
    undone : frozenset of str
        Repairs that were not to be carried out, as they were named to `clean_walk`.
    """

    found: Track
    cleaned: Cleaned
    smoothed: Smoothed
    settings: FeatureSettings
    undone: frozenset[str]

    def is_cleaned_by(self, settings: FeatureSettings, undone: frozenset[str] = frozenset()) -> bool:
        """Return whether cleaning with these settings gives the same landmarks."""
        return self.undone == undone and all(
            getattr(self.settings, name) == getattr(settings, name) for name in _CLEANING
        )

    def signals(self, settings: FeatureSettings) -> Signals:
        """Return the smooth positions at the rate of `settings`, smoothed anew only for another corner or fine grid.

        Parameters
        ----------
        settings : FeatureSettings
            With the rules of cleaning of this walk, see `is_cleaned_by`.

        Returns
        -------
        Signals
            One column per name of `channels.ROWS`.
        """
        same_corner = settings.cutoff_hz == self.settings.cutoff_hz
        if same_corner and filter_rate_hz(settings.rate_hz) == self.smoothed.rate_hz:
            return self.smoothed.at(settings.rate_hz)
        return _smooth(self.cleaned, settings).at(settings.rate_hz)


def clean_walk(
    walk: Track | CleanedWalk, settings: FeatureSettings, *, undone: frozenset[str] = frozenset()
) -> CleanedWalk:
    """Check, repair and smooth the landmarks of one walk.

    Parameters
    ----------
    walk : Track or CleanedWalk
        Landmarks as found. A walk that was cleaned by the same rules before is returned as it is.
    settings : FeatureSettings
        Rate, filter, gap rule.
    undone : frozenset of str
        Repairs not to be carried out, see `cleaning.clean`.

    Returns
    -------
    CleanedWalk

    Raises
    ------
    WalkRefused
        No person, upside down or sideways.
    """
    if isinstance(walk, CleanedWalk):
        if walk.is_cleaned_by(settings, undone):
            return walk
        walk = walk.found
    _check_person(walk)
    check_orientation(walk)
    cleaned = clean(walk, leg_length_px(walk.position), undone, settings)
    smoothed = _smooth(cleaned, settings)
    return CleanedWalk(found=walk, cleaned=cleaned, smoothed=smoothed, settings=settings, undone=undone)


def repaired_landmarks(
    walk: Track | CleanedWalk, settings: FeatureSettings | None = None, *, undone: frozenset[str] = frozenset()
) -> Track:
    """Return the landmarks to draw over a walk: after the repairs, with left and right as they were measured.

    Parameters
    ----------
    walk : Track or CleanedWalk
        Landmarks as found, or as `clean_walk` left them.
    settings : FeatureSettings, optional
    undone : frozenset of str
        Repairs not to be carried out, see `cleaning.clean`.

    Returns
    -------
    Track
        What was left out has confidence 0. Landmarks that cannot be cleaned come back as they are.
    """
    try:
        return clean_walk(walk, settings or FeatureSettings(), undone=undone).cleaned.track
    except WalkRefused:
        return walk.found if isinstance(walk, CleanedWalk) else walk


def _smooth(cleaned: Cleaned, settings: FeatureSettings) -> Smoothed:
    return smooth(cleaned.track, _ROWS, settings, keep_open=cleaned.unfilled)


def _check_person(track: Track) -> None:
    if len(track) < 2:
        raise WalkRefused(
            f"Expected a video with a walk, but got {plural(len(track), 'frame')}.",
            "Record at least four seconds of walking.",
        )
    if track.detected.sum() < 2:
        raise WalkRefused(
            "Expected a person in the frame, but none was found.",
            "Film one person from the side, whole body in the frame, not smaller than a third of its height, upright "
            "and in good light.",
        )
