"""A guard for a known patient: whether a new walk may be that of another person, in `other_person_warning`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import WalkWarning
from gait_core.recognition.batching import Embedding
from gait_core.recognition.gallery.distances import Metric, part_distances
from gait_core.recognition.gallery.entries import GalleryEntry, ModelIdentity, checked_subject, checked_view
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.recognition.gallery.identify import read_enrolled
from gait_core.recognition.gallery.selection import select_entries

__all__ = ["FEWEST_OTHERS", "FEWEST_OWN", "GuardResult", "Reason", "other_person_warning"]

Array: TypeAlias = NDArray[np.float64]
Reason: TypeAlias = Literal[
    "fits",
    "too_far",
    "not_enrolled",
    "other_model",
    "other_view",
    "too_few_walks",
    "nobody_to_compare",
    "others_fit_too",
    "another_is_nearer",
]

FEWEST_OWN: Final = 3
"""Walks of the subject that are needed to estimate a spread."""
FEWEST_OTHERS: Final = 4
"""Other people who must be enrolled before a fit means anything."""
_TOLD_APART: Final = 0.8
"""Share of the other people who must lie outside the limit."""
_FALSE_ALARM: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class GuardResult:
    """Whether a walk may be that of the subject.

    Attributes
    ----------
    outcome : {"same", "other", "cannot_tell"}
    reason : str
        ``"fits"`` with ``"same"``, ``"too_far"`` with ``"other"``, else why it cannot be determined.
    distance : float or None
        Mean distance of the walk to the subject's enrolled walks.
    usual, spread : float or None
        Mean and SD of the same distance for the subject's own walks.
    limit : float or None
        Above it, the walk seems to be another person's.
    walks : int
        Enrolled walks of the subject that were used.
    others : int
        Other people that were used.
    nearer : str or None
        Enrolled person whose walks are nearer than the subject's, if any.
    sentence : str
        For people.
    """

    outcome: Literal["same", "other", "cannot_tell"]
    reason: Reason
    sentence: str
    distance: float | None = None
    usual: float | None = None
    spread: float | None = None
    limit: float | None = None
    walks: int = 0
    others: int = 0
    nearer: str | None = None

    @property
    def warning(self) -> WalkWarning | None:
        """A warning for the walk where another person seems to be seen; it never blocks."""
        if self.outcome != "other":
            return None
        return WalkWarning(code="seems_another_person", message=self.sentence)

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return asdict(self)


def other_person_warning(
    gallery: Gallery | Sequence[GalleryEntry],
    subject: str,
    embedding: Embedding,
    view: str,
    *,
    model: ModelIdentity,
    metric: Metric = "euc",
) -> GuardResult:
    """Return whether a walk that should be a subject's seems to be another person's.

    The mean distance of the walk to the subject's enrolled walks is compared with the same distance among those
    walks, each left out in turn. The limit is the 99 % prediction limit for one more walk: about one of a hundred
    walks of the subject lies above. With few walks it is wide, since their spread is not well known, and other people
    may lie below it. So a walk within the limit counts as the same person's only when at least four others are enrolled
    from the same view and at least four in five of them lie outside.

    Nothing here knows why a walk is unlike the others: a gait that changed, other clothes, a walking aid or another
    camera position can look like another person.

    Parameters
    ----------
    gallery : Gallery or sequence of GalleryEntry
    subject : str
    embedding : Embedding
        Of the walk; where this very recording is enrolled, that entry is left out.
    view : {"side", "front", "unknown"}
    model : ModelIdentity
        That made the embedding.
    metric : {"euc", "cos"}

    Returns
    -------
    GuardResult

    Raises
    ------
    InputError
        When an argument is out of range, or the embedding has another shape than those of its model.
    NotFoundError, StorageError
        When the gallery is missing or damaged.

    References
    ----------
    Hahn, G. J., Meeker, W. Q. (1991). Statistical Intervals, chapter 4. Wiley. (Prediction limit for one further
    normal observation.)

    Notes
    -----
    Distances of walks that are left out share the walks they are compared with. Where a distance is the sum of what is
    unusual about either walk, their SD is too small by the factor (n - 2) / (n - 1), which is corrected.
    """
    entries, name = read_enrolled(gallery), checked_subject(subject)
    own_entries = [entry for entry in entries if entry.record.subject == name]
    refused = _refused(own_entries, name, model, checked_view(view))
    if refused is not None:
        return refused
    chosen = select_entries(entries, model, view, embedding.parts)
    own = chosen.subjects == name
    walks = int(own.sum())
    if walks < FEWEST_OWN:
        return _cannot(
            "too_few_walks",
            f"it takes {FEWEST_OWN} other walks of {name} from this view, and {walks} can be used",
            walks,
        )
    distances = part_distances(embedding.parts[None], chosen.parts, metric)[0]
    usual, spread, limit = _limits(part_distances(chosen.parts[own], chosen.parts[own], metric))
    found = {
        str(person): float(distances[chosen.subjects == person].mean())
        for person in np.unique(chosen.subjects)
        if person != name
    }
    distance = float(distances[own].mean())
    measured = GuardResult(
        outcome="cannot_tell",
        reason="nobody_to_compare",
        sentence="",
        distance=distance,
        usual=usual,
        spread=spread,
        limit=limit,
        walks=walks,
        others=len(found),
        nearer=min((person for person in found if found[person] < distance), key=lambda one: found[one], default=None),
    )
    to_subject = part_distances(chosen.parts[~own], chosen.parts[own], metric).mean(axis=1) if found else np.empty(0)
    inside = sum(bool(to_subject[chosen.subjects[~own] == person].mean() <= limit) for person in found)
    return _decided(measured, name, inside, too_far=distance > limit)


def _limits(distances: Array) -> tuple[float, float, float]:
    """Return mean, SD and prediction limit of the mean distance of a walk to the others of the same person."""
    from scipy.special import stdtrit

    count = len(distances)
    to_others = distances.sum(axis=1) / (count - 1)
    usual = float(to_others.mean())
    spread = float(to_others.std(ddof=1)) * (count - 1) / (count - 2)
    width = float(stdtrit(count - 1, 1 - _FALSE_ALARM)) * math.sqrt(1 + 1 / count)
    return usual, spread, usual + width * spread


def _refused(own: Sequence[GalleryEntry], name: str, model: ModelIdentity, view: str) -> GuardResult | None:
    """Return why nothing can be compared, or None."""
    if not own:
        return _cannot("not_enrolled", f"{name} is not enrolled in this gallery")
    of_model = [entry for entry in own if entry.record.model_digest == model.digest]
    if not of_model:
        names = ", ".join(sorted({str(entry.record.model) for entry in own}))
        return _cannot("other_model", f"{name} was enrolled with {names}, and this walk was embedded by {model}")
    if view == "unknown" or all(entry.record.view != view for entry in of_model):
        views = ", ".join(sorted({entry.record.view for entry in of_model}))
        return _cannot("other_view", f"the view of this walk is {view}, and that of the enrolled walks {views}")
    return None


def _decided(measured: GuardResult, name: str, inside: int, *, too_far: bool) -> GuardResult:
    """Return the result with outcome, reason and sentence; `inside` of the others are within the limit."""
    numbers = (
        f"distance {measured.distance:.3g}; on average {measured.usual:.3g} among the enrolled walks of {name}, limit "
        f"{measured.limit:.3g}"
    )
    if too_far:
        nearer = f" It is nearer to {measured.nearer}." if measured.nearer else ""
        return replace(
            measured,
            outcome="other",
            reason="too_far",
            sentence=f"This seems to be another person than {name} ({numbers}).{nearer} Check who was filmed. A gait "
            "that has changed, other clothes, a walking aid or another camera position can have the same effect.",
        )
    if measured.nearer:
        why = f"the walk fits {name} ({numbers}), but it is nearer to {measured.nearer}"
        return replace(measured, reason="another_is_nearer", sentence=_untold(why))
    if measured.others < FEWEST_OTHERS:
        why = (
            f"the walk fits {name} ({numbers}), but others might fit as well: it takes {FEWEST_OTHERS} other people "
            f"enrolled from this view to know, and there are {measured.others}"
        )
        return replace(measured, reason="nobody_to_compare", sentence=_untold(why))
    if measured.others - inside < _TOLD_APART * measured.others:
        why = f"the walk fits {name} ({numbers}), but so would {inside} of {measured.others} other people"
        return replace(measured, reason="others_fit_too", sentence=_untold(why))
    return replace(
        measured, outcome="same", reason="fits", sentence=f"The walk fits the enrolled walks of {name} ({numbers})."
    )


def _cannot(reason: Reason, why: str, walks: int = 0) -> GuardResult:
    return GuardResult(outcome="cannot_tell", reason=reason, sentence=_untold(why), walks=walks)


def _untold(why: str) -> str:
    return f"Whether this is the same person cannot be determined: {why}."
