"""The pipeline as it was before anything was made faster: what `--disable-optimizations` runs.

One video after another through OpenCV and MediaPipe, nothing cached, an LSTM from scratch, a full pass of the
model for the limits. Features, windows, limits and artefacts are made by the same code as ever, so that the
baseline can be used like any other and the difference is that of the speed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gait_core.config import FeatureSettings, PoseSettings
from gait_core.errors import GaitError, InputError, SettingsError
from gait_core.pose.extract import STAGE, ExtractedWalk
from gait_core.pose.frame_progress import FrameProgress, labels_of
from gait_core.pose.tracking import expected_frames
from gait_core.pose.usability import refuse_unusable, warnings_of
from gait_core.progress import Reporter
from gait_core.video.info import VideoInfo
from gait_core.video.probe import probe
from gait_core.walks.prepare import PreparedWalk, prepare_walk
from gait_core.workflows.before.pose import plain_track

__all__ = ["prepare_unoptimised"]


def prepare_unoptimised(
    paths: Sequence[Path],
    pose_settings: PoseSettings,
    feature_settings: FeatureSettings,
    reporter: Reporter,
    *,
    true_fps: float | None = None,
) -> list[PreparedWalk | GaitError]:
    """Probe, extract and compute features, one walk after another and without any cache.

    Parameters
    ----------
    paths : sequence of Path
    pose_settings, feature_settings : settings
        The engine is MediaPipe, whatever they name.
    reporter : Reporter
        Stages ``probe``, ``extract`` and ``features``.
    true_fps : float, optional
        Frame rate at which the walks were really filmed, Hz.

    Returns
    -------
    list of PreparedWalk or GaitError
        In the order of `paths`.

    Raises
    ------
    SettingsError
        When a certain person is to be followed, which MediaPipe alone cannot.
    """
    if pose_settings.person != "auto":
        raise SettingsError(
            f"Expected person 'auto' without optimisations, but got {pose_settings.person!r}.",
            "Leave out --person or --disable-optimizations.",
        )
    with reporter.stage("probe", "Looking at the videos"):
        infos = [_probed(path, reporter) for path in paths]
    with reporter.stage(STAGE, "Finding the person in every frame, one video after another"):
        extracted = _extract(infos, labels_of(list(paths)), pose_settings, reporter)
    with reporter.stage("features", "Measuring the movement"):
        prepared: list[PreparedWalk | GaitError] = []
        for number, (path, outcome) in enumerate(zip(paths, extracted, strict=True)):
            reporter.check()
            prepared.append(prepare_walk(path, outcome, feature_settings, true_fps=true_fps))
            reporter.progress("features", number + 1, len(paths), "walks")
    return prepared


def _probed(path: Path, reporter: Reporter) -> VideoInfo | GaitError:
    reporter.check()
    try:
        return probe(path)
    except InputError as error:
        return error


def _extract(
    infos: Sequence[VideoInfo | GaitError], labels: Sequence[str], settings: PoseSettings, reporter: Reporter
) -> list[ExtractedWalk | GaitError]:
    progress = FrameProgress(reporter, STAGE)
    for info, label in zip(infos, labels, strict=True):
        if isinstance(info, VideoInfo):
            progress.expect(label, expected_frames(info, settings))
    found: list[ExtractedWalk | GaitError] = []
    for info, label in zip(infos, labels, strict=True):
        outcome = info if isinstance(info, GaitError) else _one(info, label, settings, progress, reporter)
        if isinstance(outcome, GaitError):
            progress.fail(label)
            reporter.item_end(STAGE, label, state="failed", message=str(outcome))
        else:
            progress.finish(label, len(outcome.track))
            reporter.item_end(STAGE, label, state="done", detection_rate=outcome.track.detection_rate)
        found.append(outcome)
    progress.total(final=True)
    return found


def _one(
    info: VideoInfo, label: str, settings: PoseSettings, progress: FrameProgress, reporter: Reporter
) -> ExtractedWalk | GaitError:
    def on_frame(done: int) -> None:
        reporter.check()
        progress.update(label, done)

    try:
        track = plain_track(info, settings, on_frame)
        refuse_unusable(track, info)
    except InputError as error:
        return error
    for warning in (warnings := warnings_of(track, info)):
        reporter.warn(STAGE, warning.message, item=label)
    return ExtractedWalk(track=track, info=info, cached=False, address="", warnings=warnings)
