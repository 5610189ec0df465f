"""Which gallery is meant, and what is known of one: `find_gallery`, `gallery_facts`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gait_core.errors import InputError, NotFoundError
from gait_core.recognition.gallery.gallery import Gallery, list_galleries
from gait_core.recognition.gallery.threshold import Calibration, calibrate_threshold
from gait_core.workspace import Workspace

__all__ = ["find_gallery", "gallery_facts"]


def find_gallery(workspace: Workspace, named: str) -> Gallery:
    """Return a gallery by its identifier, or by its name where only one has it.

    Returns
    -------
    Gallery

    Raises
    ------
    NotFoundError
        When there is none.
    InputError
        When several have the name.
    """
    known = list_galleries(workspace)
    found = [one.id for one in known if one.id == named] or [one.id for one in known if one.name == named.strip()]
    if not found:
        names = ", ".join(one.name for one in known) or "none"
        raise NotFoundError(
            f"Expected the gallery to be one of {names}, but got {named!r}.",
            "Enrol a person with `recognise enrol`, which makes the gallery.",
        )
    if len(found) > 1:
        raise InputError(
            f"Expected the identifier of a gallery, since {len(found)} have the name {named!r}: {', '.join(found)}.",
            "Give one of these.",
        )
    return Gallery(workspace, found[0])


def gallery_facts(gallery: Gallery) -> dict[str, Any]:
    """Return what a gallery holds and, for each model and view, whether walks can be accepted or rejected.

    Returns
    -------
    dict
        ``id``, ``name``, ``subjects``, ``entries`` (records without embeddings), ``limits`` [{``model``,
        ``model_digest``, ``view``, ``threshold`` or None, ``sentence``}].

    Raises
    ------
    NotFoundError, StorageError
        When the gallery is missing or damaged.
    """
    summary, entries = gallery.summary(), gallery.entries()
    kinds = sorted({(entry.record.model_digest, entry.record.view) for entry in entries})
    limits = []
    for digest, view in kinds:
        model = next(entry.record.model for entry in entries if entry.record.model_digest == digest)
        found = calibrate_threshold(entries, model, view)
        limits.append(
            {
                "model": model.name,
                "model_digest": digest,
                "view": view,
                "threshold": found.threshold if isinstance(found, Calibration) else None,
                "sentence": found.sentence,
            }
        )
    return {
        "id": summary.id,
        "name": summary.name,
        "created_s": summary.created_s,
        "subjects": list(summary.subjects),
        "entries": [asdict(entry.record) for entry in entries],
        "limits": limits,
    }
