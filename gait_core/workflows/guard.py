"""The guard against the wrong person: compares new walks with the enrolled walks of a baseline's subject.

It is on by itself where exactly one gallery holds the subject, with enough walks and a model that is stored here, and
only for walks that need no second decode: their outlines are in the cache, or come from the decode that finds the
landmarks. It warns and never changes a level.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gait_core.cache import ArrayCache
from gait_core.config import Limits, PoseSettings
from gait_core.errors import InputError, MachineError, NotFoundError, WalkWarning
from gait_core.pose.extract import track_address
from gait_core.pose.extracted import TRACK_KIND
from gait_core.pose.masks import MASKS_KIND
from gait_core.progress import Reporter
from gait_core.recognition.gallery.entries import GalleryEntry, checked_subject
from gait_core.recognition.gallery.gallery import Gallery, list_galleries
from gait_core.recognition.gallery.guard import FEWEST_OWN, GuardResult, other_person_warning
from gait_core.recognition.inputs.from_video import rated_walks
from gait_core.recognition.model_store import RecognitionModel, find_model, list_models
from gait_core.video.metadata import MetadataCache
from gait_core.video.probe import probe
from gait_core.workflows.recognise.embedding import EmbeddedWalk, NetworkRun
from gait_core.workflows.recognise.galleries import find_gallery
from gait_core.workflows.recognise.sources import WalkSource, input_settings
from gait_core.workspace import Workspace

__all__ = ["AUTO", "OFF", "Guard", "GuardedWalks", "find_guard", "guard_walks", "warning_of"]

AUTO: Final = "auto"
OFF: Final = "off"
STAGE: Final = "guard"
_NOT_LOOKED: Final = (
    "Whether this is the same person was not checked: the outline of the person is not in the cache, and the video "
    "would have to be decoded again. Analyse with --guard GALLERY to do so."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Guard:
    """Whom the walks are compared with.

    Attributes
    ----------
    subject : str
    gallery : Gallery
    entries : tuple of GalleryEntry
    model : RecognitionModel
    asked : bool
        The user named the gallery, so walks are also decoded again where that is needed.
    """

    subject: str
    gallery: Gallery
    entries: tuple[GalleryEntry, ...]
    model: RecognitionModel
    asked: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class GuardedWalks:
    """What the guard says.

    Attributes
    ----------
    findings : mapping of str to dict
        By the path of the video, for JSON: ``outcome``, ``reason``, ``sentence``, ``warning`` or None, ``gallery``,
        ``model``, ``asked`` (whether the user named the gallery) and the distances; walks that cannot be read at all
        are not in it.
    decoded : frozenset of str
        Paths of the videos whose landmarks were found for it, and lie in the cache since.
    """

    findings: Mapping[str, dict[str, Any]]
    decoded: frozenset[str] = frozenset()


def find_guard(workspace: Workspace, subject: str, wanted: str = AUTO) -> Guard | None:
    """Return whom walks of a subject are to be compared with.

    Parameters
    ----------
    workspace : Workspace
    subject : str
        Of the baseline.
    wanted : str
        ``auto``, ``off``, or identifier or name of a gallery.

    Returns
    -------
    Guard or None
        None with ``off``, and with ``auto`` unless exactly one gallery holds enough walks of the subject and can be
        used here.

    Raises
    ------
    NotFoundError, InputError
        When a gallery is named that is not there or does not hold the subject, or whose model is not stored here.
    StorageError
        When the gallery that is named is damaged.
    """
    if wanted == OFF:
        return None
    if wanted != AUTO:
        return _asked_for(workspace, checked_subject(subject), wanted)
    subject = unicodedata.normalize("NFC", subject).strip()  # as galleries write it
    found = [
        guard
        for one in list_galleries(workspace)
        if subject in one.subjects and (guard := _usable(Gallery(workspace, one.id), workspace, subject)) is not None
    ]
    return found[0] if len(found) == 1 else None


def guard_walks(
    guard: Guard,
    paths: Sequence[Path],
    pose: PoseSettings,
    workspace: Workspace,
    reporter: Reporter,
    *,
    limits: Limits | None = None,
) -> GuardedWalks:
    """Compare walks with the enrolled ones.

    Parameters
    ----------
    guard : Guard
    paths : sequence of Path
        Videos.
    pose : PoseSettings
        As for the analysis, so that landmarks and outlines come from one decode.
    workspace : Workspace
    reporter : Reporter
        Stages ``extract`` and ``guard``.
    limits : Limits, optional
        Of the extraction.

    Returns
    -------
    GuardedWalks
        Empty where the machine lacks something and `Guard.asked` is False.

    Raises
    ------
    MachineError
        When the machine lacks something and the user asked for the guard; otherwise a warning says so.
    Cancelled
        When the user stopped the work.
    """
    try:
        return _guarded(guard, paths, pose, workspace, reporter, limits)
    except MachineError as error:
        if guard.asked:
            raise
        reporter.warn(STAGE, f"Whether it is the same person was not checked: {error}")
        return GuardedWalks(findings={})


def warning_of(finding: Mapping[str, Any] | None) -> WalkWarning | None:
    """Return the warning of a finding, which stands beside the level.

    Parameters
    ----------
    finding : mapping or None
        One of `GuardedWalks.findings`; None or empty where the guard was off.

    Returns
    -------
    WalkWarning or None
        None where nothing speaks against the person.
    """
    told = (finding or {}).get("warning")
    return None if told is None else WalkWarning(code=str(told["code"]), message=str(told["message"]))


def _guarded(
    guard: Guard,
    paths: Sequence[Path],
    pose: PoseSettings,
    workspace: Workspace,
    reporter: Reporter,
    limits: Limits | None,
) -> GuardedWalks:
    looked, skipped, decoded = _sorted(guard, paths, pose, workspace, reporter)
    findings = {path: _told(guard, "cannot_tell", "not_checked", _NOT_LOOKED) for path in skipped}
    if not looked:
        return GuardedWalks(findings=findings)
    with reporter.stage("extract", "Finding the person in every frame"):
        rated = rated_walks(
            looked, pose, input_settings(guard.model.settings), workspace=workspace, reporter=reporter, limits=limits
        )
    sources = [WalkSource.of_video(Path(path)) for path in looked]
    with (
        reporter.stage(STAGE, f"Comparing with the enrolled walks of {guard.subject}"),
        NetworkRun(guard.model, reporter) as run,
    ):
        for walk in run.embed(zip(sources, rated, strict=True)):
            finding = _finding(guard, walk)
            if finding is not None:
                findings[walk.source.path] = finding
            reporter.progress(STAGE, len(findings), len(paths), "walks")
    return GuardedWalks(findings=findings, decoded=frozenset(decoded))


def _sorted(
    guard: Guard, paths: Sequence[Path], pose: PoseSettings, workspace: Workspace, reporter: Reporter
) -> tuple[list[str], list[str], list[str]]:
    """Return the walks to look at, those that would have to be decoded again, and those decoded now at all."""
    cache, metadata = ArrayCache.of(workspace), MetadataCache.of(workspace)
    looked, skipped, decoded = [], [], []
    for path in paths:
        try:
            address = track_address(probe(path, metadata), pose, reporter)
        except InputError:
            continue  # the analysis says why
        known, masks = cache.holds(TRACK_KIND, address), cache.holds(MASKS_KIND, address)
        if known and not masks and not guard.asked:
            skipped.append(str(path))
            continue
        looked.append(str(path))
        decoded += [] if known else [str(path)]
    return looked, skipped, decoded


def _finding(guard: Guard, walk: EmbeddedWalk) -> dict[str, Any] | None:
    """Return what is reported of a walk; None where the video itself cannot be used."""
    if walk.embedding is None:
        if walk.facts["quality"] is None or walk.error is None:
            return None
        why = f"Whether this is the same person cannot be determined: {walk.error.message}"
        return _told(guard, "cannot_tell", "no_frames", why)
    result = other_person_warning(guard.entries, guard.subject, walk.embedding, walk.view, model=guard.model.identity)
    return _told(guard, result.outcome, result.reason, result.sentence, result)


def _told(guard: Guard, outcome: str, reason: str, sentence: str, result: GuardResult | None = None) -> dict[str, Any]:
    warning = None if result is None or result.warning is None else result.warning.to_dict()
    measured = {} if result is None else result.to_dict()
    return {
        **measured,
        "outcome": outcome,
        "reason": reason,
        "sentence": sentence,
        "warning": warning,
        "gallery": guard.gallery.id,
        "model": guard.model.name,
        "asked": guard.asked,
    }


def _usable(gallery: Gallery, workspace: Workspace, subject: str) -> Guard | None:
    """Return the guard of a gallery, or None where it could not decide anything."""
    try:
        digests = [record.model_digest for record in gallery.list(subject)]
        enough = {digest for digest in digests if digests.count(digest) >= FEWEST_OWN}
        models = {model.digest: model for model in list_models(workspace) if model.digest in enough}
        if len(models) != 1:
            return None
        (model,) = models.values()
        return Guard(subject=subject, gallery=gallery, entries=gallery.entries(), model=model, asked=False)
    except (MachineError, NotFoundError):
        return None  # damaged, or deleted meanwhile


def _asked_for(workspace: Workspace, subject: str, named: str) -> Guard:
    gallery = find_gallery(workspace, named)
    records = gallery.list(subject)
    if not records:
        raise InputError(
            f"Expected walks of {subject} in the gallery {named}, but there are none.",
            "Enrol walks of this person, name another gallery, or analyse with --guard off.",
        )
    model = find_model(workspace, digests=frozenset(record.model_digest for record in records))
    return Guard(subject=subject, gallery=gallery, entries=gallery.entries(), model=model, asked=True)
