"""Whose walk it is, or that no enrolled person walks like that: `identify`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np

from gait_core.errors import InputError
from gait_core.recognition.batching import Embedding
from gait_core.recognition.gallery.distances import Metric, part_distances
from gait_core.recognition.gallery.entries import GalleryEntry, ModelIdentity, checked_view
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.recognition.gallery.selection import Selection, select_entries
from gait_core.recognition.gallery.threshold import AIM, Calibration, NotCalibrated, calibrate_threshold

__all__ = ["Identification", "Match", "Outcome", "identify", "read_enrolled"]

Outcome: TypeAlias = Literal["accepted", "rejected", "not_calibrated", "other_view", "only_itself"]
_VIEW_WORDS: Final = {"side": "from the side", "front": "from the front", "unknown": "from an unknown view"}


@dataclass(frozen=True, kw_only=True)
class Match:
    """How far a walk is from one enrolled person.

    Attributes
    ----------
    subject : str
    best : float
        Distance to the nearest of the person's walks; it decides.
    mean : float
        Mean distance to all of them.
    entries : int
        Walks that were compared.
    entry_id, source : str
        Of the nearest walk.
    """

    subject: str
    best: float
    mean: float
    entries: int
    entry_id: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Identification:
    """What comes of comparing a walk with a gallery.

    Attributes
    ----------
    outcome : {"accepted", "rejected", "not_calibrated", "other_view", "only_itself"}
        ``"accepted"``: the nearest person is near enough. ``"rejected"``: none is; the walk is of an unknown person.
        ``"not_calibrated"``: there is no threshold, so the distances alone are given. ``"other_view"``: the gallery
        holds walks from other views only, so the distances are no evidence. ``"only_itself"``: nothing but the
        recording itself is enrolled.
    subject : str or None
        The person, where the outcome is ``"accepted"``.
    matches : tuple of Match
        Nearest first.
    threshold : float or None
    calibration : Calibration or None
    view : str
    metric : str
    compared, other_model, other_view, same_recording : int
        Entries compared, and those left out: of another model, of another or an unknown view, and the recording itself.
    sentence : str
        The reason, in words.
    """

    outcome: Outcome
    subject: str | None
    matches: tuple[Match, ...]
    threshold: float | None
    calibration: Calibration | None
    view: str
    metric: str
    compared: int
    other_model: int
    other_view: int
    same_recording: int
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return asdict(self)


def identify(
    gallery: Gallery | Sequence[GalleryEntry],
    embedding: Embedding,
    view: str,
    k: int = 5,
    *,
    model: ModelIdentity,
    metric: Metric = "euc",
    aim: float = AIM,
    calibration: Calibration | NotCalibrated | None = None,
) -> Identification:
    """Rank the enrolled people by their distance to a walk, and accept the nearest or reject all.

    A person's distance is that of the nearest of their walks: one good likeness is enough, and a walk in other clothes
    does no harm. The mean over their walks stands beside it and settles a tie. The recording itself, where it is
    enrolled, is left out.

    Parameters
    ----------
    gallery : Gallery or sequence of GalleryEntry
        Give `Gallery.entries` where many walks are identified.
    embedding : Embedding
    view : {"side", "front", "unknown"}
        Of the walk. It is compared with entries of the same view only; where there are none, the outcome says so.
    k : int
        Number of people in `Identification.matches`.
    model : ModelIdentity
        That made the embedding.
    metric : {"euc", "cos"}
    aim : float
        See `gait_core.recognition.gallery.threshold.calibrate_threshold`.
    calibration : Calibration or NotCalibrated, optional
        Of the same entries, where many walks are identified; default: calibrated here.

    Returns
    -------
    Identification

    Raises
    ------
    InputError
        When no person is enrolled, or only with other models, or an argument is out of range or contradicts others.
    NotFoundError, StorageError
        When the gallery is missing or damaged.
    """
    if k < 1:
        raise InputError(f"Expected k from 1, but got {k}.", "Give the number of people to list.")
    entries = read_enrolled(gallery)
    _check_model(entries, model)
    chosen = select_entries(entries, model, checked_view(view), embedding.parts)
    if not chosen.entries:
        return _without_view(entries, embedding, view, k, model, metric)
    if calibration is None:
        calibration = calibrate_threshold(entries, model, view, metric=metric, aim=aim)
    _check_calibration(calibration, model, view, metric)
    matches = _matches(chosen, embedding, metric)
    outcome, sentence = _decided(matches, calibration)
    known = calibration if isinstance(calibration, Calibration) else None
    return Identification(
        outcome=outcome,
        subject=matches[0].subject if outcome == "accepted" else None,
        matches=matches[:k],
        threshold=known.threshold if known else None,
        calibration=known,
        view=view,
        metric=metric,
        compared=len(chosen.entries),
        other_model=chosen.other_model,
        other_view=chosen.other_view,
        same_recording=chosen.same_recording,
        sentence=sentence + _left_out_words(chosen),
    )


def read_enrolled(gallery: Gallery | Sequence[GalleryEntry]) -> Sequence[GalleryEntry]:
    """Return the entries of a gallery, read from disk where they are not given.

    Returns
    -------
    sequence of GalleryEntry
        From disk: in the order of enrolment, once their digest is checked. Otherwise `gallery` itself.
    """
    return gallery.entries() if isinstance(gallery, Gallery) else gallery


def _without_view(
    entries: Sequence[GalleryEntry], embedding: Embedding, view: str, k: int, model: ModelIdentity, metric: Metric
) -> Identification:
    """Return distances that decide nothing, since no entry shows the view of the walk."""
    chosen = select_entries(entries, model, None, embedding.parts)
    matches = _matches(chosen, embedding, metric) if chosen.entries else ()
    outcome: Outcome = "other_view" if matches else "only_itself"
    if matches:
        views = sorted({entry.record.view for entry in chosen.entries})
        enrolled = " and ".join(_VIEW_WORDS[name] for name in views)
        sentence = (
            f"This walk was filmed {_VIEW_WORDS[view]}, and the enrolled walks {enrolled}. Distances between different "
            "or unknown views are no evidence, so no person is identified. Enrol walks from the same view, and state "
            "the view."
        )
    else:
        sentence = "Nothing but this very recording is enrolled, so there is nothing to compare it with."
    return Identification(
        outcome=outcome,
        subject=None,
        matches=matches[:k],
        threshold=None,
        calibration=None,
        view=view,
        metric=metric,
        compared=len(chosen.entries),
        other_model=chosen.other_model,
        other_view=len(chosen.entries),
        same_recording=chosen.same_recording,
        sentence=sentence,
    )


def _matches(chosen: Selection, embedding: Embedding, metric: Metric) -> tuple[Match, ...]:
    distances = part_distances(embedding.parts[None], chosen.parts, metric)[0]
    found = []
    for subject in np.unique(chosen.subjects):
        own = np.flatnonzero(chosen.subjects == subject)
        nearest = chosen.entries[own[int(np.argmin(distances[own]))]].record
        found.append(
            Match(
                subject=str(subject),
                best=float(distances[own].min()),
                mean=float(distances[own].mean()),
                entries=len(own),
                entry_id=nearest.id,
                source=nearest.source,
            )
        )
    return tuple(sorted(found, key=lambda match: (match.best, match.mean, match.subject)))


def _decided(matches: Sequence[Match], calibration: Calibration | NotCalibrated) -> tuple[Outcome, str]:
    nearest = matches[0]
    at = f"{nearest.subject} at a distance of {nearest.best:.3g}"
    if isinstance(calibration, NotCalibrated):
        return (
            "not_calibrated",
            f"The nearest person is {at}. That is no proof: one person is always the nearest. {calibration.sentence}",
        )
    limit = f"a walk is accepted up to {calibration.threshold:.3g}"
    if nearest.best <= calibration.threshold:
        return "accepted", f"The walk fits {at}; {limit}. {calibration.sentence}"
    return (
        "rejected",
        f"The walk fits no enrolled person. The nearest is {at}; {limit}. {calibration.sentence}",
    )


def _left_out_words(chosen: Selection) -> str:
    words = []
    if chosen.other_view:
        words.append(f"{chosen.other_view} from another or an unknown view")
    if chosen.other_model:
        words.append(f"{chosen.other_model} made by another model")
    if chosen.same_recording:
        words.append(f"{chosen.same_recording} that is this very recording")
    return f" Left out of the comparison: {', '.join(words)}." if words else ""


def _check_model(entries: Sequence[GalleryEntry], model: ModelIdentity) -> None:
    if not entries:
        raise InputError("Expected enrolled people, but the gallery is empty.", "Enrol a person first.")
    if all(entry.record.model_digest != model.digest for entry in entries):
        names = sorted({str(entry.record.model) for entry in entries})
        raise InputError(
            f"Expected an embedding by the model of the gallery, {', '.join(names)}, but got one by {model}. "
            "Embeddings of different models cannot be compared.",
            "Use the model of the gallery, or enrol the people again with this one.",
        )


def _check_calibration(
    calibration: Calibration | NotCalibrated, model: ModelIdentity, view: str, metric: Metric
) -> None:
    if isinstance(calibration, NotCalibrated):
        return
    wanted, got = (model.digest, view, metric), (calibration.model.digest, calibration.view, calibration.metric)
    if wanted != got:
        raise InputError(
            f"Expected a calibration for {model}, view {view}, metric {metric}, but got one for {calibration.model}, "
            f"view {calibration.view}, metric {calibration.metric}.",
            "Calibrate again with these.",
        )
