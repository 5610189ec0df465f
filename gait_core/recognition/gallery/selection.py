"""Which entries may be compared: `select_entries` for an embedding, `check_new` before an enrolment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError
from gait_core.recognition.gallery.distances import same_recording
from gait_core.recognition.gallery.entries import EntryRecord, GalleryEntry, ModelIdentity

__all__ = ["Selection", "check_new", "select_entries"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Selection:
    """Entries that an embedding can be compared with, and how many it cannot.

    Attributes
    ----------
    entries : tuple of GalleryEntry
        Of the same model and, where it is asked for, of the same view.
    parts : ndarray, shape (n, features, parts)
        Their embeddings; empty without entries.
    subjects : ndarray of str, shape (n,)
    other_model, other_view, same_recording : int
        Entries that were left out: of another model, of another or an unknown view, and those that are the recording
        itself.
    """

    entries: tuple[GalleryEntry, ...]
    parts: NDArray[np.float32]
    subjects: NDArray[np.str_]
    other_model: int
    other_view: int
    same_recording: int


def select_entries(
    entries: Sequence[GalleryEntry],
    model: ModelIdentity,
    view: str | None = None,
    parts: NDArray[Any] | None = None,
) -> Selection:
    """Select what may be compared.

    Parameters
    ----------
    entries : sequence of GalleryEntry
    model : ModelIdentity
    view : {"side", "front", "unknown"}, optional
        Default: any. With ``"unknown"`` nothing is left.
    parts : ndarray, shape (features, parts), optional
        An embedding whose own recording is left out.

    Returns
    -------
    Selection
        Entries in the order given. Each one left out is counted once: for its model, else for its view, else as the
        recording itself.

    Raises
    ------
    InputError
        When the embedding has another shape than those of the same model, or is not finite.
    """
    of_model = [entry for entry in entries if entry.record.model_digest == model.digest]
    kept = of_model if view is None else [e for e in of_model if e.record.view == view != "unknown"]
    other_view = len(of_model) - len(kept)
    itself = 0
    if parts is not None and kept:
        same = same_recording(parts[None], np.stack([entry.parts for entry in kept]))[0]
        kept, itself = [entry for entry, own in zip(kept, same, strict=True) if not own], int(same.sum())
    return Selection(
        entries=tuple(kept),
        parts=np.stack([entry.parts for entry in kept]) if kept else np.empty((0, 0, 0), np.float32),
        subjects=np.array([entry.record.subject for entry in kept], dtype=np.str_),
        other_model=len(entries) - len(of_model),
        other_view=other_view,
        same_recording=itself,
    )


def check_new(added: Sequence[GalleryEntry], known: Sequence[GalleryEntry]) -> None:
    """Refuse a recording that is enrolled already, and an embedding that cannot be of its model.

    Parameters
    ----------
    added, known : sequence of GalleryEntry
        What is to be enrolled, and what is enrolled.

    Raises
    ------
    InputError
    """
    for digest in {entry.record.model_digest for entry in added}:
        new, every = (
            [entry for entry in entries if entry.record.model_digest == digest] for entries in (added, (*known, *added))
        )
        shape = every[0].parts.shape
        for entry in new:
            if entry.parts.shape != shape:
                raise InputError(
                    f"Expected an embedding of shape {shape} by {entry.record.model}, but got {entry.parts.shape} from "
                    f"{entry.record.source}.",
                    "Give the model that made this embedding.",
                )
        same = same_recording(np.stack([e.parts for e in new]), np.stack([e.parts for e in every]))
        # Each is the same as itself; only what stands before it counts.
        same &= np.tri(len(new), len(every), len(every) - len(new) - 1, dtype=bool)
        for row, column in np.argwhere(same)[:1]:
            raise _enrolled_already(new[row].record, every[column].record)


def _enrolled_already(new: EntryRecord, known: EntryRecord) -> InputError:
    return InputError(
        f"Expected a walk that is not enrolled yet, but {new.source} is the same recording as {known.source} of "
        f"{known.subject}.",
        "Enrol another walk, or remove that entry first.",
    )
