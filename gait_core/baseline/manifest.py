"""What a baseline was made from, how, and by which versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self

from gait_core.config import Profile, Settings
from gait_core.errors import GaitError
from gait_core.storage.stored_format import StoredFormat

__all__ = ["MANIFEST_FORMAT", "BaselineManifest", "LeftOutWalk", "TrainingFacts", "WalkFacts"]

MANIFEST_FORMAT: Final = 3
"""Format 1 had no number, formats 1 and 2 no seal; all are read."""
_FORMAT: Final = StoredFormat(newest=MANIFEST_FORMAT, keys=("subject", "created_s", "profile", "walks", "training"))


@dataclass(frozen=True, kw_only=True)
class _Facts(Settings):
    """A stored record of which a later version may know more fields."""

    @classmethod
    def known(cls, values: Mapping[str, Any]) -> Self:
        """Build from the fields that this version knows."""
        names = {entry.name for entry in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})


@dataclass(frozen=True, kw_only=True)
class WalkFacts(_Facts):
    """One walk that a baseline was made from.

    Attributes
    ----------
    path, name : str
    content_sha256 : str
        Digest of the video file.
    size_bytes : int
        Of the video file.
    duration_s : float
    frames : int
    detection_rate : float
        Share of the frames in which a person was found.
    cached : bool
        The landmarks came from the cache.
    engine, precision : str
        What found the landmarks.
    decoding : {"display", "measure", ""}
        How they were read from the pose model; that of a walk from before there was a choice is ``display``, that of
        one that no engine saw is empty.
    windows : int
        Number of windows.
    visible_side : str
    quality : mapping
        Figures of the quality of the walk.
    warnings : list of mapping
        `code`, `message` and `blocking` of each doubt.
    used : bool
    fingerprint : str
        Distinguishes copies of the recording from other walks, see `gait_core.gait.fingerprint`; empty in baselines of
        an earlier version.
    score : float or None
        Held out, relative to what is typical of the person; None for a walk that was left out.
    """

    path: str
    name: str
    content_sha256: str = ""
    size_bytes: int = 0
    duration_s: float = 0.0
    frames: int = 0
    detection_rate: float = 0.0
    cached: bool = False
    engine: str = ""
    precision: str = "f32"
    decoding: str = "display"
    windows: int = 0
    visible_side: str = ""
    quality: Mapping[str, Any] = field(default_factory=dict)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    used: bool = True
    fingerprint: str = ""
    score: float | None = None


@dataclass(frozen=True, kw_only=True)
class LeftOutWalk(_Facts):
    """One video that was given but not used, and why: by an error, or by the first of its warnings."""

    path: str
    error: Mapping[str, str] | None = None
    warnings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """Why it was left out, in words."""
        messages = [reason["message"] for reason in (self.error, *self.warnings) if reason and "message" in reason]
        return str(messages[0]) if messages else "It cannot be used."


@dataclass(frozen=True, kw_only=True)
class TrainingFacts(_Facts):
    """How the model was fitted to the person.

    Attributes
    ----------
    mode : {"fine-tuned", "scratch"}
    cell : {"gru", "lstm"}
    epochs : int
    val_loss, start_val_loss : float or None
        Error on the held-out walks after and before training.
    kept : {"fine-tuned", "pre-trained", "scratch"}
        Which weights the baseline uses.
    stopped_early : str
        ``"user"`` when the user ended the training.
    folds : list of mapping
        Losses of each held-out walk.
    note : str
        For people.
    """

    mode: str
    cell: str = "gru"
    epochs: int = 0
    val_loss: float | None = None
    start_val_loss: float | None = None
    kept: str = ""
    stopped_early: str = ""
    folds: list[dict[str, Any]] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class BaselineManifest:
    """Contents of ``manifest.json``.

    Attributes
    ----------
    subject : str
        Pseudonym of the person.
    created_s : float
        s since 1970.
    profile : str
        Name of the performance profile.
    profile_settings : Profile or None
        The profile as it was then; None for a baseline of a version that kept its name only.
    walks : tuple of WalkFacts
    left_out : tuple of LeftOutWalk
    training : TrainingFacts
    stored : mapping
        Everything as written: settings and digests, versions and durations too.
    """

    subject: str
    created_s: float
    profile: str
    profile_settings: Profile | None
    walks: tuple[WalkFacts, ...]
    left_out: tuple[LeftOutWalk, ...]
    training: TrainingFacts
    stored: Mapping[str, Any] = field(repr=False)

    @property
    def optimised(self) -> bool:
        """False for a baseline made with ``--disable-optimizations``."""
        return bool(self.stored.get("optimised", True))

    @property
    def request(self) -> dict[str, Any]:
        """Parameters of the ``baseline`` job that made it; empty where an earlier version did not keep them."""
        return dict(self.stored.get("request") or {})

    @property
    def doubts(self) -> list[dict[str, Any]]:
        """`code` and `message` of what is doubtful about the walks together; empty where nothing is."""
        return [dict(doubt) for doubt in self.stored.get("warnings", ())]

    @property
    def all_walks(self) -> list[dict[str, Any]]:
        """The walks that were given, those used and those left out, as ``baseline create --json`` prints them."""
        return [*self.stored["walks"], *self.stored.get("left_out", ())]

    @property
    def timing_s(self) -> dict[str, float]:
        """Stage → seconds."""
        return dict(self.stored.get("timing_s") or {})

    @property
    def artefact_sha256(self) -> dict[str, str]:
        """Artefact → SHA-256 of its file."""
        return dict(self.stored.get("artefact_sha256") or {})

    def to_dict(self) -> dict[str, Any]:
        """Return everything as it was written."""
        return dict(self.stored)

    @classmethod
    def from_dict(cls, values: Any, source: str) -> Self:
        """Read what any version so far has written.

        Parameters
        ----------
        values : object
            Contents of the file.
        source : str
            Name of the file, for messages.

        Returns
        -------
        BaselineManifest

        Raises
        ------
        StorageError
            When a value is missing or of the wrong kind, or a later version wrote it.
        """
        return _FORMAT.read(values, source, cls._of)

    @classmethod
    def _of(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            subject=str(stored["subject"]),
            created_s=float(stored["created_s"]),
            profile=str(stored["profile"]),
            profile_settings=_profile(stored.get("profile_settings")),
            walks=tuple(WalkFacts.known(walk) for walk in stored["walks"]),
            left_out=tuple(LeftOutWalk.known(walk) for walk in stored.get("left_out", ())),
            training=TrainingFacts.known(stored["training"]),
            stored=stored,
        )


def _profile(values: Any) -> Profile | None:
    """Return a profile as it was; from before decoding could be chosen it was ``display``."""
    try:
        return Profile.from_dict({"decoding": "display", **values})
    except (KeyError, TypeError, AttributeError, GaitError):
        return None
