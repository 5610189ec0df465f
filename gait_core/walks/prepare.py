"""From video files to windows: what creating a baseline and analysing a walk have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gait_core.cache import ArrayCache
from gait_core.config import FeatureSettings, Limits, MeasureSettings, PoseSettings, digest_of
from gait_core.errors import GaitError, WalkRefused, WalkWarning
from gait_core.gait.cleaned_walk import CleanedWalk, clean_walk
from gait_core.gait.features import GaitFeatures, features_of
from gait_core.gait.fingerprint import fingerprint_of
from gait_core.gait.gate import frame_warnings
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.measurement import motion_of
from gait_core.gait.stretch import longest_stretch
from gait_core.gait.windows import Windows, windows_of
from gait_core.pose.extract import ExtractedWalk, extract_many
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.workspace import Workspace

__all__ = ["PreparedWalk", "prepare_walk", "prepare_walks", "with_true_rate"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedWalk:
    """A walk, ready to be learned from or scored.

    Attributes
    ----------
    path : Path
    track : Track
    features : GaitFeatures
    windows : Windows
    content_sha256 : str
        Digest of the video file.
    size_bytes : int
        Size of the video file.
    address : str
        Where the landmarks lie in the cache.
    time_scale : float
        Seconds of the walk per second of the video; not 1 for slow motion.
    cached : bool
        The landmarks came from the cache.
    warnings : tuple of WalkWarning
        From decoding, extraction and features.
    cleaned : CleanedWalk or None
        The landmarks after cleaning and smoothing; None where the features came from the cache, so that nothing had to
        be cleaned yet.
    """

    path: Path
    track: Track
    features: GaitFeatures
    windows: Windows
    content_sha256: str
    size_bytes: int
    address: str
    time_scale: float
    cached: bool
    warnings: tuple[WalkWarning, ...]
    cleaned: CleanedWalk | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def blocking(self) -> tuple[WalkWarning, ...]:
        """Warnings under which a score would mislead."""
        return tuple(warning for warning in self.warnings if warning.blocking)

    @cached_property
    def fingerprint(self) -> str:
        """What distinguishes copies of this recording from other walks, see `gait_core.gait.fingerprint`."""
        return fingerprint_of(self.track)

    @cached_property
    def landmarks(self) -> CleanedWalk:
        """Landmarks after cleaning, which is done once."""
        return clean_walk(self.track, FeatureSettings()) if self.cleaned is None else self.cleaned

    def motion(self, settings: MeasureSettings | None = None) -> Kinematics:
        """Return the motion from which the walk is measured, on the side of the features.

        What was cleaned for the features is not cleaned again.

        Raises
        ------
        WalkRefused
            When no gait can be measured.
        """
        return motion_of(self.landmarks, settings, side=self.features.visible_side)

    def summary(self) -> dict[str, Any]:
        """Return the facts for manifests and JSON output."""
        return {
            "path": str(self.path),
            "name": self.name,
            "content_sha256": self.content_sha256,
            "size_bytes": self.size_bytes,
            "duration_s": self.track.duration_s,
            "frames": len(self.track),
            "detection_rate": self.track.detection_rate,
            "cached": self.cached,
            "engine": str(self.track.info.get("engine", "")),
            "precision": str(self.track.info.get("settings", {}).get("precision", "f32")),
            "decoding": self.track.decoding,
            "windows": len(self.windows),
            "visible_side": self.features.visible_side,
            "fingerprint": self.fingerprint,
            "quality": {k: v for k, v in self.features.quality.items() if isinstance(v, int | float | str)},
            "warnings": [warning.to_dict() for warning in self.warnings],
        }


def prepare_walks(
    paths: Sequence[Path],
    pose_settings: PoseSettings,
    feature_settings: FeatureSettings,
    workspace: Workspace,
    reporter: Reporter,
    *,
    limits: Limits | None = None,
    use_cache: bool = True,
    true_fps: float | None = None,
    side: str | None = None,
    need_windows: bool = True,
    masks: bool = False,
) -> list[PreparedWalk | GaitError]:
    """Probe, extract and compute features; one walk that fails is its error, the others go on.

    Parameters
    ----------
    paths : sequence of Path
    pose_settings, feature_settings : settings
    workspace : Workspace
    reporter : Reporter
    limits : Limits, optional
        How much of the machine extraction may take.
    use_cache : bool
    true_fps : float, optional
        Frame rate at which the walks were really filmed, Hz.
    side : {"left", "right"}, optional
        Side wanted where a walk shows both.
    need_windows : bool
        Refuse a walk without one complete window; measuring does without.
    masks : bool
        Also keep the person's outlines in the cache, from the same decode; see `gait_core.walks.clips`.

    Returns
    -------
    list of PreparedWalk or GaitError
        In the order of `paths`.
    """
    with reporter.stage("probe", "Looking at the videos"):
        metadata = MetadataCache.of(workspace)
        problems: dict[int, GaitError] = {}
        for number, path in enumerate(paths):
            reporter.check()
            try:
                probe(path, metadata)
            except GaitError as error:
                problems[number] = error
    readable = [number for number in range(len(paths)) if number not in problems]
    with reporter.stage("extract", "Finding the person in every frame"):
        extracted: dict[int, ExtractedWalk | GaitError] = dict(problems)
        found = extract_many(
            [paths[number] for number in readable],
            pose_settings,
            workspace=workspace,
            reporter=reporter,
            limits=limits,
            use_cache=use_cache,
            masks=masks,
        )
        extracted.update(zip(readable, found, strict=True))
    with reporter.stage("features", "Measuring the movement"):
        cache = ArrayCache.of(workspace) if use_cache else None
        prepared: list[PreparedWalk | GaitError] = []
        for number, path in enumerate(paths):
            reporter.check()
            prepared.append(
                prepare_walk(
                    path,
                    extracted[number],
                    feature_settings,
                    cache=cache,
                    true_fps=true_fps,
                    side=side,
                    need_windows=need_windows,
                )
            )
            reporter.progress("features", number + 1, len(paths), "walks")
    return prepared


def prepare_walk(
    path: Path,
    outcome: ExtractedWalk | GaitError,
    settings: FeatureSettings,
    *,
    cache: ArrayCache | None = None,
    true_fps: float | None = None,
    side: str | None = None,
    need_windows: bool = True,
) -> PreparedWalk | GaitError:
    """Compute features and windows of one extracted walk.

    Parameters
    ----------
    path : Path
        Video.
    outcome : ExtractedWalk or GaitError
        What the extraction gave.
    settings : FeatureSettings
    cache : ArrayCache, optional
        Where features are kept.
    true_fps : float, optional
        Frame rate at which the walk was really filmed, Hz.
    side : {"left", "right"}, optional
        Side wanted where the walk shows both.
    need_windows : bool
        Refuse a walk without one complete window; measuring does without.

    Returns
    -------
    PreparedWalk or GaitError
        The error of the extraction, or the one that says why the walk cannot be used.
    """
    if isinstance(outcome, GaitError):
        return outcome
    try:
        track, gap = longest_stretch(outcome.track)
        address = outcome.address
        if true_fps is not None:
            track, address = with_true_rate(track, true_fps), digest_of([address, true_fps])
        features, cleaned = features_of(track, settings, cache=cache, address=address, side=side)
        windows = windows_of(features, settings)
        if need_windows and not len(windows):
            raise WalkRefused(
                f"Expected at least one uninterrupted piece of {settings.window_s:.1f} s of walking, but got none.",
                "Film four seconds of walking or more, the whole body in the frame.",
            )
    except GaitError as error:
        return error
    return PreparedWalk(
        path=path,
        track=track,
        features=features,
        windows=windows,
        content_sha256=outcome.info.content_sha256,
        size_bytes=outcome.info.size_bytes,
        address=outcome.address,
        time_scale=float(track.info.get("time_scale", 1.0)),
        cached=outcome.cached,
        warnings=_unique(
            (*outcome.warnings, *features.warnings, *_of_pixels(track, features), *([] if gap is None else [gap]))
        ),
        cleaned=cleaned,
    )


def _of_pixels(track: Track, features: GaitFeatures) -> list[WalkWarning]:
    """Return what the images forbid; a frame rate that the features find too low is reported once."""
    told = any(warning.code == "low_frame_rate" for warning in features.warnings)
    return [warning for warning in frame_warnings(track) if not (told and warning.code == "unusable_frame_rate")]


def _unique(warnings: Sequence[WalkWarning]) -> tuple[WalkWarning, ...]:
    """Keep one warning per code: a blocking one first, else the later one, which knows more."""
    kept: dict[str, WalkWarning] = {}
    for warning in warnings:
        if warning.code not in kept or not kept[warning.code].blocking:
            kept[warning.code] = warning
    return tuple(kept.values())


def with_true_rate(track: Track, true_fps: float) -> Track:
    """Return the track with its time scaled as if filmed at `true_fps`, Hz.

    Returns
    -------
    Track
    """
    scale = track.frame_rate_hz / true_fps
    return track.with_(time_s=track.time_s * scale, info={**track.info, "time_scale": scale})
