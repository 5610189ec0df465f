"""What a comparison of profiles shows, in sentences that claim no more than was measured."""

from __future__ import annotations

from typing import Final

from gait_core.compare.agreement import value_differences
from gait_core.compare.profile_comparison import ProfileComparison, ProfileRun

__all__ = ["difference_sentence", "sentences", "summary", "time_sentence"]

_WHOLE_BODY: Final = {
    "head": "the head",
    "trunk": "the trunk",
    "arms": "the arms",
    "near leg": "the near leg",
    "far leg": "the far leg",
}


def summary(comparison: ProfileComparison) -> str:
    """Return time, landmarks and gait values of each profile against the reference as one text.

    Returns
    -------
    str
        What `sentences` gives, in a row.
    """
    return " ".join(sentences(comparison))


def sentences(comparison: ProfileComparison) -> list[str]:
    """Put a comparison into sentences.

    Returns
    -------
    list of str
        One for the profiles that failed, where there are any, then one for each profile that was compared with the
        reference. Where only the reference succeeded, one that states so.
    """
    failed = [run.name for run in comparison.runs if run.error is not None]
    others = [run for run in comparison.sound if run.name != comparison.reference]
    found = [f"{_listed(failed)} did not work on this video."] if failed else []
    if not others:
        return [*found, f"Only {comparison.reference} succeeded, so there is nothing to compare."]
    reference = comparison.reference_run
    return found + [f"{time_sentence(run, reference)}; {difference_sentence(run, comparison)}" for run in others]


def time_sentence(run: ProfileRun, reference: ProfileRun) -> str:
    """Put into words how long a run took against the reference, the start of the program left out.

    Returns
    -------
    str
        Without a full stop. A difference of at most 5 % counts as none.
    """
    if reference.work_s <= 0 or run.work_s <= 0:
        return f"{run.name} was not timed"
    ratio = run.work_s / reference.work_s
    if 0.95 <= ratio <= 1.05:
        return f"{run.name} took as long as {reference.name} ({run.work_s:.1f} s)"
    digits = 1 if ratio >= 0.095 else 2
    return (
        f"{run.name} took {ratio:.{digits}f} times as long as {reference.name} "
        f"({run.work_s:.1f} s against {reference.work_s:.1f} s)"
    )


def difference_sentence(run: ProfileRun, comparison: ProfileComparison) -> str:
    """Put into words how far landmarks, cadence and knee differ from the reference.

    Returns
    -------
    str
        Begins in lower case, to follow `time_sentence`, and ends with a full stop. What could not be compared is left
        out, except that no frame could be.
    """
    reference = comparison.reference_run
    parts = []
    found = run.agreement or {}
    if found.get("median_pct") is None:
        parts.append("no frame could be compared")
    else:
        groups = {name: entry["p95_pct"] for name, entry in found["groups"].items() if entry["p95_pct"] is not None}
        worst = max(groups, key=lambda name: groups[name])
        parts.append(
            f"its landmarks lie {found['median_pct']:.1f} % of the body height away (median), "
            f"{_WHOLE_BODY[worst]} in one frame of twenty by {groups[worst]:.1f} % or more"
        )
    if found.get("exchanged_share", 0.0) >= 0.005:
        parts.append(f"in {100 * found['exchanged_share']:.0f} % of the frames one of the two confuses left and right")
    cadence = value_differences(run.values, reference.values).get("cadence_spm")
    if cadence is not None:
        size = abs(cadence)
        parts.append("cadence is the same" if size < 0.05 else f"cadence differs by {size:.1f} steps/min")
    knees = [run.curve_difference_deg.get(f"knee_{leg}") for leg in ("near", "far")]
    known = [value for value in knees if value is not None]
    if known:
        parts.append(f"the knee angle by {max(known):.1f}° on average")
    return ", ".join(parts) + "."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
