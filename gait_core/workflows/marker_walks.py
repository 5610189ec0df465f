"""Prepares walks recorded with markers for measurement, alongside those from videos."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import numpy as np

from gait_core.cache import ArrayCache
from gait_core.config import DEFAULT_PROFILE, FeatureSettings
from gait_core.errors import InputError, WalkRefused, WalkWarning
from gait_core.gait.features import features_of
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.gait.windows import windows_of
from gait_core.markers.endings import is_marker_file
from gait_core.markers.mocap_walk import MocapWalk
from gait_core.markers.recording import Recording, open_recording
from gait_core.markers.side_view import PX_PER_M, side_view
from gait_core.storage.ordinary_file import check_file
from gait_core.video.probe import content_sha256
from gait_core.walks.prepare import PreparedWalk
from gait_core.workflows.marker_words import refusal_of, warnings_of
from gait_core.workspace import Workspace

__all__ = ["MARKER_SCALE", "check_options", "prepare_recording"]

_EXCHANGED_M: Final = 0.03
MARKER_SCALE: Final = ScaleInput(kind="markers", value=1.0, pixels=PX_PER_M)
"""Markers are recorded in metres."""
_VERSION: Final = 1


def prepare_recording(
    path: Path, settings: FeatureSettings, workspace: Workspace, *, use_cache: bool = True
) -> PreparedWalk:
    """Read a walk with markers and make it ready to be measured.

    Parameters
    ----------
    path : Path
        ``.c3d`` or ``.npz``, see `gait_core.markers.recording`.
    settings : FeatureSettings
    workspace : Workspace
        Its cache keeps the landmarks, so that events can be changed and the walk be measured again.
    use_cache : bool

    Returns
    -------
    PreparedWalk
        Seen from its right side; without score windows where there are no markers at the trunk.

    Raises
    ------
    InputError
        When the file cannot be read, or the markers of both legs are not in it.
    WalkRefused
        When no walking is found in it.
    """
    check_file(path)
    digest = content_sha256(path)
    recording = open_recording(path)
    track = side_view(recording.walk)
    # As long as the addresses of landmarks of videos: by that length a deletion knows what belongs to a person.
    address = hashlib.sha256(f"{digest}\nmarkers {_VERSION}".encode()).hexdigest()
    try:
        features, cleaned = features_of(track, settings, cache=None, address=address)
    except WalkRefused as error:
        raise refusal_of(recording.walk, path.name) from error
    if use_cache:
        ArrayCache.of(workspace).put("track", address, track.to_arrays(), track.to_meta())
    return PreparedWalk(
        path=path,
        track=track,
        features=features,
        windows=windows_of(features, settings),
        content_sha256=digest,
        size_bytes=path.stat().st_size,
        address=address,
        time_scale=1.0,
        cached=False,
        warnings=(
            *_explained(recording),
            *warnings_of(features.warnings, features.quality, features.visible_side),
            *_exchanged(recording.walk),
        ),
        cleaned=cleaned,
    )


def _exchanged(walk: MocapWalk) -> list[WalkWarning]:
    """Say that the left hip lies on the right: labels or axes of the file are exchanged."""
    apart_m = walk.points_m["left_hip"][:, 2] - walk.points_m["right_hip"][:, 2]
    if not np.isfinite(apart_m).any() or float(np.nanmedian(apart_m)) < _EXCHANGED_M:
        return []
    text = (
        "Seen along the way, the left hip lies on the right: left and right markers are exchanged, or the axes of the "
        "laboratory are left-handed. Left and right may be the wrong way round in all values; check their labels."
    )
    return [WalkWarning(code="sides_exchanged", message=text)]


def _explained(recording: Recording) -> list[WalkWarning]:
    """Say how a recording was understood."""
    where = "on a treadmill" if recording.treadmill else "over the floor"
    texts = [f"Measured from markers ({recording.marker_set}), {where}.", *recording.notes]
    if not {"left_shoulder", "right_shoulder"} <= recording.walk.points_m.keys():
        texts.append("No shoulder markers: hip flexion is against the vertical, and trunk and arms are left out.")
    if recording.walk.events:
        texts.append(
            f"The file has {len(recording.walk.events)} gait events of its own, which were not used; "
            "a validation compares with them."
        )
    return [WalkWarning(code="markers", message=text) for text in texts]


def check_options(
    paths: list[Path],
    scale: ScaleInput,
    fps: float | None,
    *,
    side: str | None = None,
    person: str = "auto",
    profile: str = DEFAULT_PROFILE,
) -> None:
    """Refuse what has no effect on walks with markers when there are no videos beside them.

    Parameters
    ----------
    paths : list of Path
        Everything that is to be measured.
    scale : ScaleInput
    fps : float or None
        Frame rate that was given, Hz.
    side : str or None
        Side that was asked for.
    person : str
        Whom to follow; ``"auto"`` where nothing was asked for.
    profile : str
        Performance profile; the default one where nothing was asked for.

    Raises
    ------
    InputError
        When something was given for marker files alone that only videos need.
    """
    if not paths or not all(is_marker_file(path) for path in paths):
        return
    given = (
        (scale.kind not in ("none", MARKER_SCALE.kind), "scale", "which are recorded in metres"),
        (fps is not None, "frame rate", "whose files state it"),
        (side is not None, "side", "which show both"),
        (person != "auto", "person to follow", "which are of one person"),
        (profile != DEFAULT_PROFILE, "profile", "in which no pose model looks for the body"),
    )
    for refused, name, why in given:
        if refused:
            raise InputError(f"Expected no {name} for walks with markers, {why}, but got one.", "Leave it out.")
