"""How sure the time of an event is.

The error of a time is put together from what is known about it, all in squares: the usual error; by how much the
foot's own time and that of the whole pass disagree; a long stride, in which everything happens slowly; landmarks that
the pose model was unsure of; and an end of the pass, beyond which nothing was seen. Sizes are rounded from a fit to the
errors of simulated walkers of seeds that no benchmark uses, normal and impaired, rendered and seen through the pose
model, or with its errors added. The confidence of an event is how probable such an error is below 50 ms, so that among
events of confidence 0.8 about four in five are that near to the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, isfinite, sqrt
from typing import Final

import numpy as np

from gait_core.gait.events.gait_events import INITIAL_CONTACT
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.view import Segment

__all__ = ["CLOSE_S", "Evidence", "confidence", "evidence", "time_sd_s"]

CLOSE_S: Final = 0.05
"""An event this near to the truth counts as found, s."""
AROUND_S: Final = 0.05
"""How far around an event its landmarks count, s."""
END_S: Final = 0.3
"""Nearer than that to an end of a pass a part of the evidence is missing."""
CONTACT_SD_S, OFF_SD_S = 0.018, 0.025
"""1 SD of the error of an event with everything in its favour, s. A good part of it is the same in every step of a
person, so that it shows neither in the agreement of cues nor in that of steps."""
CONTACT_SHARE, OFF_SHARE = 0.5, 1.0
"""Share of the disagreement that counts: a contact is the mean of both times, a foot off the own time alone."""
ALONE_S: Final = 0.04
"""Disagreement that counts where a foot does not show its own time, s."""
END_SD_S: Final = 0.010
UNSURE_SD_S: Final = 0.025
"""What landmarks of confidence 0 add, s."""
SLOW_SHARE: Final = 0.033
"""Share of what a stride takes longer than usual."""
USUAL_STRIDE_S: Final = 1.1


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What speaks for and against the time of an event.

    Attributes
    ----------
    kind : {"initial_contact", "foot_off"}
    disagreement_s : float
        By how much the foot's own time differs from what the whole pass says, s; NaN where it does not show one.
    stride_s : float
        Usual stride time of the pass, s.
    at_end : bool
        Near an end of the pass.
    landmark_confidence : float
        Lowest confidence of the leg's landmarks around it, in [0, 1]; 0 where one was interpolated.
    """

    kind: str
    disagreement_s: float
    stride_s: float
    at_end: bool
    landmark_confidence: float


def evidence(
    motion: Kinematics, segment: Segment, side: str, kind: str, time_s: float, *, disagreement_s: float, stride_s: float
) -> Evidence:
    """Collect what speaks for and against the time of an event.

    Parameters
    ----------
    motion : Kinematics
    segment : Segment
        The pass that the event belongs to.
    side : {"left", "right"}
    kind : {"initial_contact", "foot_off"}
    time_s : float
        When it happens, s.
    disagreement_s, stride_s : float
        As in `Evidence`.

    Returns
    -------
    Evidence
    """
    first, last = np.searchsorted(motion.time_s, [time_s - AROUND_S, time_s + AROUND_S])
    near = slice(int(first), max(int(last), int(first) + 1))
    lowest = 0.0 if motion.filled[side][near].any() else float(motion.confidence[side][near].min(initial=1.0))
    return Evidence(
        kind=kind,
        disagreement_s=disagreement_s,
        stride_s=stride_s,
        at_end=min(time_s - segment.start_s, segment.end_s - time_s) < END_S,
        landmark_confidence=min(1.0, max(0.0, lowest)),
    )


def time_sd_s(seen: Evidence) -> float:
    """Return 1 SD of the error of an event's time, s.

    Parameters
    ----------
    seen : Evidence

    Returns
    -------
    float
    """
    apart_s = seen.disagreement_s if isfinite(seen.disagreement_s) else ALONE_S
    usual_sd_s, share = (CONTACT_SD_S, CONTACT_SHARE) if seen.kind == INITIAL_CONTACT else (OFF_SD_S, OFF_SHARE)
    variance = usual_sd_s**2 + (share * apart_s) ** 2
    variance += (UNSURE_SD_S * (1.0 - seen.landmark_confidence)) ** 2
    variance += (SLOW_SHARE * max(0.0, seen.stride_s - USUAL_STRIDE_S)) ** 2
    return sqrt(variance + END_SD_S**2 * seen.at_end)


def confidence(sd_s: float) -> float:
    """Return how probable it is that an event lies within 50 ms of the truth, in [0, 1].

    Parameters
    ----------
    sd_s : float
        1 SD of the error of its time, s, above 0.

    Returns
    -------
    float
    """
    return erf(CLOSE_S / (sd_s * sqrt(2.0)))
