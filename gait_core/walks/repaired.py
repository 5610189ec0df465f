"""The landmarks of a walk after the repairs, kept for whoever draws them in another process."""

from __future__ import annotations

from typing import Final

from gait_core.cache import ArrayCache
from gait_core.config import digest_of
from gait_core.gait.cleaned_walk import repaired_landmarks
from gait_core.gait.features import FEATURES_VERSION
from gait_core.pose.track import Track
from gait_core.walks.prepare import PreparedWalk
from gait_core.workspace import Workspace

__all__ = ["keep_repaired", "repaired_of"]

_KIND: Final = "repaired"


def keep_repaired(walk: PreparedWalk, name: str, workspace: Workspace) -> None:
    """Put the repaired landmarks of a walk into the cache.

    Parameters
    ----------
    walk : PreparedWalk
    name : str
        By which they are asked for: of the analysis, as two baselines may clean one walk by different rules.
    workspace : Workspace

    Raises
    ------
    StorageError
        When the cache cannot be written.
    """
    track = repaired_landmarks(walk.landmarks)
    arrays = {"position": track.position, "confidence": track.confidence}
    ArrayCache.of(workspace).put(_KIND, _key(name), arrays)


def repaired_of(track: Track, name: str, workspace: Workspace) -> Track:
    """Return landmarks after the repairs: from the cache where they are there, else repaired now.

    Parameters
    ----------
    track : Track
        Landmarks as found.
    name : str
        As `keep_repaired` was given it.
    workspace : Workspace

    Returns
    -------
    Track
    """
    entry = ArrayCache.of(workspace).get(_KIND, _key(name))
    if entry is None or entry.arrays["position"].shape != track.position.shape:
        return repaired_landmarks(track)
    return track.with_(position=entry.arrays["position"], confidence=entry.arrays["confidence"])


def _key(name: str) -> str:
    return digest_of([name, _KIND, FEATURES_VERSION])
