"""What is doubtful about a walk beside its baseline, said beside the level: seal, tempo, person, decoding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gait_core.baseline.norms import Norms
from gait_core.baseline.store import StoredBaseline
from gait_core.errors import WalkWarning
from gait_core.gait.identity import compare_people, one_person
from gait_core.gait.parameters.parameter import Parameter
from gait_core.walks.measurements import MeasuredWalk
from gait_core.walks.prepare import PreparedWalk

__all__ = ["doubts_about", "tempo_doubt", "with_decoding_doubt"]

_MIXED: Final = (
    "The walks of the baseline seem to show several people: the proportions of the body differ more than within one "
    "person. Unless it is meant as a reference group, make it again from walks of this person only."
)
_SLOW_SHARE: Final = 0.65
"""Cadence, of the usual one, below which the video may play too slowly; above its reciprocal, too fast."""


def doubts_about(measured: MeasuredWalk | None, stored: StoredBaseline, norms: Norms | None) -> list[WalkWarning]:
    """Return what speaks against the comparison of a walk with a baseline; none of it withholds the level.

    Parameters
    ----------
    measured : MeasuredWalk or None
        None where no gait could be measured.
    stored : StoredBaseline
    norms : Norms or None
        Of the baseline.

    Returns
    -------
    list of WalkWarning
    """
    doubts = _seal_doubt(stored)
    if measured is None or norms is None:
        return doubts
    own = _cadences([measured.measurement.parameters])
    doubts += tempo_doubt(own[0] if own else None, _cadences(norms.parameters))
    return doubts + _person_doubt(measured, norms)


def tempo_doubt(cadence_spm: float | None, usual_spm: Sequence[float]) -> list[WalkWarning]:
    """Ask for the frame rate where a walk is so much slower or faster than usual that it may play at a wrong one.

    Parameters
    ----------
    cadence_spm : float or None
        Of the walk, steps/min.
    usual_spm : sequence of float
        Of the walks of the baseline.

    Returns
    -------
    list of WalkWarning
        Not blocking: a person who walks badly may have slowed down as much.
    """
    if cadence_spm is None or not usual_spm:
        return []
    usual = sum(usual_spm) / len(usual_spm)
    if _SLOW_SHARE * usual < cadence_spm < usual / _SLOW_SHARE:
        return []
    message = (
        f"The walk has {cadence_spm:.0f} steps/min, the baseline {min(usual_spm):.0f} to {max(usual_spm):.0f}. "
        "If the video plays slower or faster than it was filmed, the level is wrong: state its true frame rate."
    )
    return [WalkWarning(code="tempo", message=message)]


def with_decoding_doubt(prepared: PreparedWalk, stored: StoredBaseline) -> PreparedWalk:
    """Return the walk with a reason to withhold its level where it was not read as the baseline's walks were.

    Returns
    -------
    PreparedWalk
    """
    own, usual = prepared.track.decoding, stored.decoding
    if not own or not usual or own == usual:
        return prepared
    warning = WalkWarning(
        code="decoding",
        message=f"The landmarks of this walk were extracted for {own}, those of the baseline for {usual}, so they "
        "cannot be compared. Analyse it with the engine and the choice of person that the baseline was made with, or "
        "create the baseline again.",
        blocking=True,
    )
    return replace(prepared, warnings=(*prepared.warnings, warning))


def _seal_doubt(stored: StoredBaseline) -> list[WalkWarning]:
    """Warn where nothing vouches for the baseline: an earlier version made it, or its seal was taken away."""
    if stored.seal == "sealed":
        return []
    message = (
        f"The baseline {stored.id} carries no seal, so that a change of its files would not be noticed. "
        f"`baseline verify {stored.id} --seal` seals it as it is now; create it again where that is in doubt."
    )
    return [WalkWarning(code="unsealed_baseline", message=message)]


def _cadences(parameters: Sequence[Mapping[str, Parameter]]) -> list[float]:
    found = [one["cadence_spm"].both for one in parameters if "cadence_spm" in one]
    return [estimate.mean for estimate in found if estimate is not None]


def _person_doubt(measured: MeasuredWalk, norms: Norms) -> list[WalkWarning]:
    """Warn when the proportions of the body are not those of the baseline; a group of people has none of its own."""
    if not one_person(norms.proportions):
        return [WalkWarning(code="mixed_baseline", message=_MIXED)]
    verdict = compare_people(measured.measurement.proportions, norms.proportions)
    return [WalkWarning(code="other_person", message=verdict.sentence)] if verdict.same is False else []
