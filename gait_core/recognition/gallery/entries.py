"""What a gallery holds: `GalleryEntry`, its `EntryRecord`, and `Enrolment` for what is to be added."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import Settings
from gait_core.errors import InputError
from gait_core.recognition.batching import Embedding
from gait_core.recognition.gallery.distances import checked_parts
from gait_core.recognition.inputs.sequence import VIEWS

__all__ = [
    "Enrolment",
    "EntryRecord",
    "GalleryEntry",
    "ModelIdentity",
    "checked_subject",
    "checked_view",
]

_LONGEST_NAME: Final = 200
_LONGEST_NOTE: Final = 2000
_DIGEST: Final = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True, kw_only=True)
class ModelIdentity:
    """The network that made an embedding.

    Attributes
    ----------
    name : str
        For people, such as ``"GaitBase, trained 3 May"``.
    digest : str
        Of its weights, 16 to 64 hexadecimal digits; embeddings are compared only where it is the same.
    """

    name: str
    digest: str

    def __post_init__(self) -> None:
        _check_text(self.name, "the name of the model", _LONGEST_NAME)
        if not _DIGEST.fullmatch(self.digest):
            raise InputError(
                f"Expected a digest of 16 to 64 hexadecimal digits for the model {self.name}, but got {self.digest!r}.",
                "Give the digest of its file of weights.",
            )

    def __str__(self) -> str:
        return f"{self.name} ({self.digest[:8]})"


@dataclass(frozen=True, kw_only=True)
class EntryRecord(Settings):
    """One enrolled walk, without its embedding.

    Attributes
    ----------
    id : str
    subject : str
        Pseudonym, as the user wrote it.
    source : str
        Name of the video or folder that it came from.
    view : {"side", "front", "unknown"}
        From where the camera saw the person; an unknown view is never taken for the same as another.
    model_name, model_digest : str
        See `ModelIdentity`.
    frames : int
        Frames of which the embedding was made.
    quality : float or None
        Mean quality of these frames, in [0, 1]; None where it is not known.
    created_s : float
        Time of enrolment, seconds since the Unix epoch.
    consent : str
        Who agreed, to what and when.
    content_sha256 : str
        Digest of the video, so that what is cached of it can be deleted with the person; empty for silhouettes, and in
        galleries of earlier versions.
    """

    id: str
    subject: str
    source: str
    view: str
    model_name: str
    model_digest: str
    frames: int
    quality: float | None
    created_s: float
    consent: str
    content_sha256: str = ""

    _ranges = {"frames": (1, 10_000_000), "quality": (0.0, 1.0), "created_s": (0.0, 1e11)}
    _choices = {"view": VIEWS}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from JSON; raises `InputError` or `TypeError` where a field is missing or of another kind."""
        record = super().from_dict(values)
        for field in fields(cls):
            value = getattr(record, field.name)
            if field.type == "str" and not isinstance(value, str):
                raise TypeError(f"{field.name} is {type(value).__name__}")
        return record

    @property
    def model(self) -> ModelIdentity:
        """The network that made the embedding."""
        return ModelIdentity(name=self.model_name, digest=self.model_digest)


@dataclass(frozen=True, kw_only=True, eq=False)
class GalleryEntry:
    """One enrolled walk.

    Attributes
    ----------
    record : EntryRecord
    parts : ndarray of float32, shape (features, parts)
        Raw embedding, as `gait_core.recognition.batching.Embedding.parts`.
    """

    record: EntryRecord
    parts: NDArray[np.float32]

    @property
    def vector(self) -> NDArray[np.float32]:
        """Each part at the same length and the whole at length 1, as `Embedding.vector`."""
        lengths = np.maximum(np.linalg.norm(self.parts, axis=0, keepdims=True), 1e-12)
        return np.asarray((self.parts / lengths).ravel() / math.sqrt(self.parts.shape[1]), dtype=np.float32)


@dataclass(frozen=True, kw_only=True, eq=False)
class Enrolment:
    """A walk that is to be enrolled; fields as of `EntryRecord`.

    Raises
    ------
    InputError
        When a field is missing, too long or out of range, or the embedding is empty or not finite.
    """

    subject: str
    source: str
    view: str
    model: ModelIdentity
    embedding: Embedding
    consent: str
    quality: float | None = None
    content_sha256: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", checked_subject(self.subject))
        _check_text(self.source, "the source", _LONGEST_NAME)
        checked_view(self.view)
        if not self.consent.strip():
            raise InputError(
                f"Expected a note on the consent of {self.subject}, but got none.",
                "Write who agreed to the enrolment, to what and when.",
            )
        _check_text(self.consent, "the note on consent", _LONGEST_NOTE, one_line=False)
        checked_parts(self.embedding.parts[None], f"the embedding of {self.source}")
        if not np.any(self.embedding.parts):
            raise InputError(
                f"Expected an embedding of {self.source}, but all its values are zero.", "Check its silhouettes."
            )

    def entry(self, entry_id: str, created_s: float) -> GalleryEntry:
        """Return what is stored.

        Raises
        ------
        InputError
            When the quality or the number of frames is out of range.
        """
        record = EntryRecord(
            id=entry_id,
            subject=self.subject,
            source=self.source,
            view=self.view,
            model_name=self.model.name,
            model_digest=self.model.digest,
            frames=self.embedding.n_frames,
            quality=self.quality,
            created_s=created_s,
            consent=self.consent.strip(),
            content_sha256=self.content_sha256,
        )
        return GalleryEntry(record=record, parts=np.array(self.embedding.parts, dtype=np.float32))


def checked_subject(subject: str) -> str:
    """Return the name of a subject as it is stored and compared: composed Unicode, no space at either end.

    Returns
    -------
    str
        1 to 200 characters, none of them a control character.

    Raises
    ------
    InputError
        When it is empty, too long, or holds what cannot be written on one line.
    """
    cleaned = unicodedata.normalize("NFC", subject).strip()
    if not cleaned:
        raise InputError("Expected a name for the subject, but got none.", "Give a pseudonym, such as P014.")
    _check_text(cleaned, "the name of the subject", _LONGEST_NAME)
    return cleaned


def checked_view(view: str) -> str:
    """Check the name of a view.

    Returns
    -------
    {"side", "front", "unknown"}
        `view`, unchanged.

    Raises
    ------
    InputError
        When it is none of these.
    """
    if view not in VIEWS:
        raise InputError(
            f"Expected the view to be one of {', '.join(VIEWS)}, but got {view!r}.", "Choose one of these."
        )
    return view


def _check_text(text: str, what: str, longest: int, *, one_line: bool = True) -> None:
    allowed = "" if one_line else "\n\t"
    # Surrogates stand for bytes that are no UTF-8, and no JSON file could be read back with them.
    bad = [sign for sign in text if sign not in allowed and unicodedata.category(sign) in ("Cc", "Cs")]
    if bad or not text.strip() or len(text) > longest:
        raise InputError(
            f"Expected {what} as text of 1 to {longest} characters, but got {text[:40]!r} ({len(text)} characters).",
            "Shorten it, and leave out control characters.",
        )
