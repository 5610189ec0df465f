"""Enrols walks of one person in a gallery: `enrol_walks`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import NDArray

from gait_core.errors import InputError, NotFoundError
from gait_core.progress import Reporter
from gait_core.recognition.gallery.entries import Enrolment, EntryRecord, checked_subject
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.recognition.model_store import RecognitionModel, find_model
from gait_core.workflows.recognise.embed import WalkOptions
from gait_core.workflows.recognise.embedding import STAGE, EmbeddedWalk, NetworkRun
from gait_core.workflows.recognise.galleries import find_gallery
from gait_core.workflows.recognise.sources import SourceReader, find_sources
from gait_core.workspace import Workspace

__all__ = ["EnrolRequest", "enrol_walks"]


@dataclass(frozen=True, kw_only=True)
class EnrolRequest(WalkOptions):
    """Whose walks are to be enrolled, and where.

    Attributes
    ----------
    gallery : str
        Identifier or name; a gallery that is not there yet is made.
    subject : str
        Pseudonym of the person who walks in all of them.
    consent : str
        Who agreed, to what and when.
    """

    gallery: str = ""
    subject: str = ""
    consent: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.gallery.strip():
            raise InputError("Expected the name of a gallery, but got none.", "Name one; a new one is made.")
        checked_subject(self.subject)
        if not self.consent.strip():
            raise InputError(
                f"Expected a note on the consent of {self.subject.strip()}, but got none.",
                "Write who agreed to the enrolment, to what and when.",
            )


def enrol_walks(
    request: EnrolRequest, workspace: Workspace, reporter: Reporter, *, arrays: Sequence[NDArray[Any]] = ()
) -> dict[str, Any]:
    """Embed walks of one person and enrol them.

    Parameters
    ----------
    request : EnrolRequest
    workspace : Workspace
    reporter : Reporter
        Stages ``embed`` and ``enrol``.
    arrays : sequence of ndarray, shape (frames, height, width)
        Silhouettes in memory, after the walks that are named.

    Returns
    -------
    dict
        ``walks``: one entry per walk as of `embed_walks`, with ``entry_id`` where it was enrolled; one that cannot be
        used, or is enrolled already, has ``error``; the others continue. ``gallery`` {id, name, created}, ``subject``,
        ``model``, ``device``, ``enrolled`` (their number), ``timing_s``.

    Raises
    ------
    InputError
        When consent or subject is missing, or there are several models and none is named.
    NotFoundError, ModelError
        When there is no such model, or it is damaged.
    """
    sources = find_sources([*request.sources, *arrays])
    gallery = _existing(workspace, request.gallery)
    model = _model(workspace, request, gallery)
    reader = request.reader(model.settings, workspace, reporter)
    embedded: list[EmbeddedWalk] = []
    with (
        reporter.stage(STAGE, f"Embedding {len(sources)} walks with {model.title}"),
        NetworkRun(model, reporter, level=request.level, strict=request.strict) as run,
    ):
        for walk in run.embed(reader.read(sources), view=request.view):
            embedded.append(walk)
            reporter.progress(STAGE, len(embedded), len(sources), "walks")
    usable = [walk for walk in embedded if walk.embedding is not None]
    created = gallery is None and bool(usable)
    with reporter.stage("enrol", f"Enrolling {request.subject}"):
        if gallery is None and usable:
            gallery = Gallery.create(workspace, request.gallery)
        outcomes = iter(_enrolled(gallery, usable, request, model, reader, reporter) if gallery is not None else [])
    walks = []
    for walk in embedded:
        entry = walk.to_dict()
        if walk.embedding is not None:
            outcome = next(outcomes)
            enrolled = isinstance(outcome, EntryRecord)
            entry |= {"entry_id": outcome.id} if isinstance(outcome, EntryRecord) else {"error": outcome.to_dict()}
            if not enrolled:
                reporter.warn("enrol", str(outcome), item=walk.source.name)
        walks.append(entry)
    return {
        "gallery": None if gallery is None else {**_named(gallery), "created": created},
        "subject": checked_subject(request.subject),
        "model": model.to_dict(),
        "device": run.device,
        "walks": walks,
        "enrolled": sum("entry_id" in walk for walk in walks),
        "timing_s": reporter.timing_s,
    }


def _existing(workspace: Workspace, named: str) -> Gallery | None:
    try:
        return find_gallery(workspace, named)
    except NotFoundError:
        return None


def _model(workspace: Workspace, request: EnrolRequest, gallery: Gallery | None) -> RecognitionModel:
    """Return the model that is named, or that of the gallery, or the only one."""
    digests = frozenset() if gallery is None else frozenset(record.model_digest for record in gallery.list())
    return find_model(workspace, request.model, digests=digests or None)


def _enrolled(
    gallery: Gallery,
    walks: Sequence[EmbeddedWalk],
    request: EnrolRequest,
    model: RecognitionModel,
    reader: SourceReader,
    reporter: Reporter,
) -> list[EntryRecord | InputError]:
    """Enrol each walk; one that is refused does not stop the others."""
    found: list[EntryRecord | InputError] = []
    for walk in walks:
        reporter.check()
        assert walk.embedding is not None
        try:
            enrolment = Enrolment(
                subject=request.subject,
                source=walk.source.name[-200:],
                view=walk.view,
                model=model.identity,
                embedding=walk.embedding,
                consent=request.consent,
                quality=walk.score,
                content_sha256=reader.content_of(walk.source),
            )
            found += gallery.enrol(enrolment, reporter=reporter)
        except InputError as error:
            found.append(error)
        reporter.progress("enrol", len(found), len(walks), "walks")
    return found


def _named(gallery: Gallery) -> dict[str, Any]:
    summary = asdict(gallery.summary())
    return {"id": summary["id"], "name": summary["name"], "subjects": list(summary["subjects"])}
