"""How the figures of a report came about, and the hashes that seal it."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

import gait_core
from gait_core.gait.cleaning import REPAIR_KINDS
from gait_core.gait.parameters.reference import REFERENCES
from gait_core.phrases import joined, plural
from gait_core.report.document.report_data import Fact, ParameterRow
from gait_core.report.document.words import clean_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gait_core.baseline.findings import BaselineComparison
    from gait_core.gait.measurement import Measurement
    from gait_core.report.document.source import ReportSource

__all__ = ["method_facts", "seal_facts"]

_EVENT_RULES: Final = {
    "coordinate": "positions of heel and toe against the pelvis (Zeni 2008)",
    "velocity": "velocity of heel and toe against the pelvis (Zeni 2008)",
    "foot_velocity": "vertical velocity of the foot (O’Connor 2007)",
}
_LIBRARIES: Final = ("mediapipe", "openvino", "opencv-python", "numpy", "scipy")
_MOST_REASONS: Final = 3
_LONGEST: Final = 600


def method_facts(
    measurement: Measurement, baseline: BaselineComparison | None, rows: Sequence[ParameterRow]
) -> tuple[Fact, ...]:
    """Return the methods in short lines.

    Parameters
    ----------
    measurement : Measurement
    baseline : BaselineComparison or None
        None where the walk was not compared.
    rows : sequence of ParameterRow
        Lines of the table of values; the reference values are described only where one of them has any.

    Returns
    -------
    tuple of Fact
        How a recording with markers was read; steps, angles, intervals and cleaning, then reference and change where
        there are any; at most 600 characters each.
    """
    settings = measurement.settings
    rule = _EVENT_RULES.get(measurement.events.method, measurement.events.method)
    changed = measurement.n_changed_events
    by_hand = f" {plural(changed, 'event')} corrected by hand." if changed else " None corrected by hand."
    facts = [
        Fact(label="Steps", value=f"Initial contact and foot off by {rule}, at {settings.rate_hz:g} Hz.{by_hand}"),
        Fact(
            label="Angles",
            value=(
                "From markers, in the sagittal plane"
                if measurement.from_markers
                else "In the image plane, from one camera at the side"
            )
            + "; zero-lag low-pass at "
            f"{settings.cutoff_hz:g} Hz, 101 points per stride.",
        ),
        Fact(
            label="Intervals",
            value=f"{100 * settings.confidence_level:g} % interval of the mean; for both legs, from the spread within "
            f"each. Percentile bootstrap over strides ({settings.resamples} resamples), widened for few strides "
            "(Hesterberg 2015).",
        ),
        Fact(label="Cleaning", value=_cleaning(measurement)),
    ]
    if measurement.from_markers:
        read = [warning.message for warning in measurement.warnings if warning.code == "markers"]
        facts.insert(0, Fact(label="Recording", value=" ".join(read)))
    if any(row.reference for row in rows):
        facts.append(Fact(label="Reference", value=_references()))
    if baseline is not None:
        walks = plural(baseline.n_walks, "walk") if baseline.n_walks else "own walks"
        text = (
            "Own spread: t·s·√(1 + 1/k) over the k baseline walks (Weir 2005). Body: autoencoder trained on "
            f"{walks}, 1 = typical. Degrees off: gait variable score (Baker 2009)."
        )
        facts.append(Fact(label="Change", value=text))
    return tuple(Fact(label=fact.label, value=clean_text(fact.value, _LONGEST)) for fact in facts)


def _cleaning(measurement: Measurement) -> str:
    done = Counter(repair.kind for repair in measurement.repairs if repair.id not in measurement.undone)
    parts = [f"{REPAIR_KINDS.get(kind, kind).lower()} ({count}×)" for kind, count in done.most_common()]
    text = f"{joined(parts)}." if parts else "Nothing had to be repaired."
    left_out = Counter(rejection.reason for rejection in measurement.rejections)
    if left_out:
        reasons = " ".join(reason for reason, _ in left_out.most_common(_MOST_REASONS))
        text += f" {plural(sum(left_out.values()), 'cycle')} left out: {reasons}"
    return f"{text[0].upper()}{text[1:]}"


def _references() -> str:
    sources = joined(list(dict.fromkeys(reference.source for reference in REFERENCES.values())))
    return f"Mean ± 1.96 SD between healthy people: {sources}."


def seal_facts(measurement: Measurement, baseline: BaselineComparison | None, source: ReportSource) -> tuple[Fact, ...]:
    """Return the hashes and versions under which the same inputs give the same report.

    Parameters
    ----------
    measurement : Measurement
    baseline : BaselineComparison or None
        None where the walk was not compared.
    source : ReportSource
        Knows the hashes of the video and of the pose model.

    Returns
    -------
    tuple of Fact
        Video and pose model, or the file with markers; settings, baseline where there is one, and versions; a hash that
        is missing is ``not known``.
    """
    what = "File" if measurement.from_markers else "Video"
    facts = [Fact(label=what, value=source.content_sha256 or "not known", detail="SHA-256")]
    if not measurement.from_markers:
        facts.append(Fact(label="Pose model", value=source.model_sha256 or "not known", detail="SHA-256"))
    facts.append(Fact(label="Settings", value=measurement.settings.digest(), detail="digest"))
    if baseline is not None:
        facts.append(Fact(label="Baseline", value=clean_text(baseline.baseline_id, 80)))
    versions = [f"Gait Studio {gait_core.__version__}"]
    versions += [f"{name} {found}" for name in _LIBRARIES if (found := _version(name))]
    return (*facts, Fact(label="Versions", value=", ".join(versions)))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
