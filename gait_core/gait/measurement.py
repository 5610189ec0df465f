"""Everything that is measured from one walk: events, strides, parameters, curves, and how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.config import FeatureSettings, MeasureSettings
from gait_core.errors import WalkWarning
from gait_core.gait.cleaned_walk import CleanedWalk
from gait_core.gait.cleaning import Repair
from gait_core.gait.curves import Curves, curve_errors, key_values, stride_curves
from gait_core.gait.events.detect import detect_events
from gait_core.gait.events.edits import Edit, apply_edits, check_times, count_changed
from gait_core.gait.events.gait_events import EventSet, Rejection
from gait_core.gait.gate import Check, quality_gate
from gait_core.gait.identity import BodyProportions, body_proportions
from gait_core.gait.impossible import CODE, without_impossible
from gait_core.gait.kinematics import Kinematics, compute_kinematics
from gait_core.gait.marker_gate import marker_gate
from gait_core.gait.parameters.length_doubts import lengths_withheld
from gait_core.gait.parameters.lengths import find_steps
from gait_core.gait.parameters.parameter import Parameter
from gait_core.gait.parameters.scale import Scale, ScaleInput, believable_scale, resolve_scale
from gait_core.gait.parameters.spatiotemporal import spatiotemporal
from gait_core.gait.parameters.step_agreement import steps_disagree
from gait_core.gait.strides import Stride, cut_strides
from gait_core.gait.view import Segment
from gait_core.gait.walk_warnings import BROKEN_TIME
from gait_core.pose.track import Track

__all__ = ["MEASUREMENT_VERSION", "OWN_WARNINGS", "Measurement", "feature_settings", "measure", "motion_of"]

MEASUREMENT_VERSION: Final = 1
_FEWEST: Final = 4
"""Strides that show a rhythm by themselves where none was found in the movement."""
OWN_WARNINGS: Final = frozenset(
    {
        *(
            "no_stride",
            "no_left_stride",
            "no_right_stride",
            "steps_missed",
            "lengths_disagree",
            "steps_disagree",
            "steps_withheld",
            CODE,
        ),
        *("no_scale", "scale_unused", "scale_impossible", "camera_moved"),
    }
)
"""Codes of the warnings that measuring itself gives; those of extraction and features are handed in."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """What was measured from one walk.

    Attributes
    ----------
    events : EventSet
        As the method found them; what a person changed lies apart in `edits`.
    edits : tuple of Edit
    strides : tuple of Stride
    rejections : tuple of Rejection
        Pieces of the walk that give no cycle, and why.
    scale_input : ScaleInput
    scale : Scale or None
        None: there are no metres.
    parameters : mapping of str to Parameter
        Spatiotemporal parameters by name.
    key_values : mapping of str to Parameter
        Range of motion and key values of the curves.
    curves : Curves
    repairs : tuple of Repair
        What was put right in the landmarks, those undone among them.
    undone : tuple of str
        Repairs that were not carried out, by id or kind.
    checks : tuple of Check
        Quality gate.
    proportions : BodyProportions
    quality : mapping of str to float, int or str
        Figures of the quality of the walk, see `gait_core.gait.quality.assess`.
    warnings : tuple of WalkWarning
    visible_side : {"left", "right"}
    segments : tuple of Segment
        The passes.
    duration_s : float
        Of the video, s.
    settings : MeasureSettings
    """

    events: EventSet
    edits: tuple[Edit, ...]
    strides: tuple[Stride, ...]
    rejections: tuple[Rejection, ...]
    scale_input: ScaleInput
    scale: Scale | None
    parameters: Mapping[str, Parameter]
    key_values: Mapping[str, Parameter]
    curves: Curves
    repairs: tuple[Repair, ...]
    undone: tuple[str, ...]
    checks: tuple[Check, ...]
    proportions: BodyProportions
    quality: Mapping[str, Any]
    warnings: tuple[WalkWarning, ...]
    visible_side: str
    segments: tuple[Segment, ...]
    duration_s: float
    settings: MeasureSettings

    @property
    def values(self) -> dict[str, Parameter]:
        """Parameters and key values of the curves together, by name."""
        return {**self.parameters, **self.key_values}

    @property
    def current_events(self) -> EventSet:
        """Events with the edits of a person applied."""
        return apply_edits(self.events, self.edits)

    @property
    def n_changed_events(self) -> int:
        """Number of events that a person moved, added or deleted."""
        return count_changed(self.events, self.edits)

    @property
    def from_markers(self) -> bool:
        """Whether the walk was recorded with markers instead of a camera."""
        return self.scale_input.kind == "markers"

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the curves for JSON."""
        return {
            "version": MEASUREMENT_VERSION,
            "events": self.events.to_dict(),
            "edits": [asdict(edit) for edit in self.edits],
            "strides": [stride.to_dict() for stride in self.strides],
            "rejections": [rejection.to_dict() for rejection in self.rejections],
            "scale_input": self.scale_input.to_dict(),
            "scale": self.scale.to_dict() if self.scale else None,
            "parameters": {name: parameter.to_dict() for name, parameter in self.parameters.items()},
            "key_values": {name: parameter.to_dict() for name, parameter in self.key_values.items()},
            "repairs": [repair.to_dict() for repair in self.repairs],
            "undone": list(self.undone),
            "checks": [check.to_dict() for check in self.checks],
            "proportions": self.proportions.to_dict(),
            "quality": dict(self.quality),
            "warnings": [warning.to_dict() for warning in self.warnings],
            "visible_side": self.visible_side,
            "segments": [segment.to_dict() for segment in self.segments],
            "duration_s": self.duration_s,
            "settings": self.settings.to_dict(),
        }

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the curves as arrays."""
        return self.curves.to_arrays()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the output of `to_dict` and `to_arrays`."""
        return cls(
            events=EventSet.from_dict(values["events"]),
            edits=tuple(Edit(**edit) for edit in values["edits"]),
            strides=tuple(Stride.from_dict(stride) for stride in values["strides"]),
            rejections=tuple(Rejection.from_dict(rejection) for rejection in values["rejections"]),
            scale_input=ScaleInput.from_dict(values["scale_input"]),
            scale=Scale.from_dict(values["scale"]) if values["scale"] else None,
            parameters={name: Parameter.from_dict(name, part) for name, part in values["parameters"].items()},
            key_values={name: Parameter.from_dict(name, part) for name, part in values["key_values"].items()},
            curves=Curves.from_arrays(arrays),
            repairs=tuple(Repair.from_dict(repair) for repair in values["repairs"]),
            undone=tuple(values["undone"]),
            checks=tuple(Check.from_dict(check) for check in values["checks"]),
            proportions=BodyProportions.from_dict(values["proportions"]),
            quality=values["quality"],
            warnings=tuple(WalkWarning(**warning) for warning in values["warnings"]),
            visible_side=values["visible_side"],
            segments=tuple(Segment.from_dict(segment) for segment in values["segments"]),
            duration_s=values["duration_s"],
            settings=MeasureSettings.from_dict(values["settings"]),
        )


def motion_of(
    walk: Track | CleanedWalk,
    settings: MeasureSettings | None = None,
    *,
    side: str | None = None,
    undone: frozenset[str] = frozenset(),
) -> Kinematics:
    """Return the motion from which a walk is measured.

    Parameters
    ----------
    walk : Track or CleanedWalk
        Landmarks of one walk, as found or as `clean_walk` left them.
    settings : MeasureSettings, optional
    side : {"left", "right"}, optional
        Side wanted where the walk shows both.
    undone : frozenset of str
        Repairs not to be carried out, see `gait_core.gait.cleaning.clean`.

    Returns
    -------
    Kinematics
        At the rate and with the filter of `settings`.

    Raises
    ------
    WalkRefused
        When no gait can be measured.
    """
    return compute_kinematics(walk, feature_settings(settings or MeasureSettings()), side=side, undone=undone)


def feature_settings(settings: MeasureSettings) -> FeatureSettings:
    """Return the settings of cleaning and smoothing under which a walk is measured.

    Returns
    -------
    FeatureSettings
        At the rate and with the corner frequency of `settings`.
    """
    return FeatureSettings(rate_hz=settings.rate_hz, cutoff_hz=settings.cutoff_hz)


def measure(
    motion: Kinematics,
    settings: MeasureSettings | None = None,
    *,
    events: EventSet | None = None,
    scale: ScaleInput | None = None,
    edits: Sequence[Edit] = (),
    undone: frozenset[str] = frozenset(),
    quality: Mapping[str, Any] | None = None,
    warnings: Sequence[WalkWarning] = (),
) -> Measurement:
    """Measure a walk.

    Parameters
    ----------
    motion : Kinematics
        As `motion_of` gives it, with the same `undone`.
    settings : MeasureSettings, optional
    events : EventSet, optional
        Automatic events found before in the same motion with the same settings; found anew when not given.
    scale : ScaleInput, optional
        Without it there are no metres.
    edits : sequence of Edit
        What a person changed in the events.
    undone : frozenset of str
    quality : mapping, optional
        Figures from features, for display.
    warnings : sequence of WalkWarning
        From extraction and features; those of the measurement are added.

    Returns
    -------
    Measurement
        Events, strides, parameters, curves, repairs and warnings.

    Raises
    ------
    InputError
        When an edit would put the events out of order.
    """
    settings, scale = settings or MeasureSettings(), scale or ScaleInput()
    events = detect_events(motion, settings) if events is None else events
    check_times(edits, float(motion.track.time_s[0]), float(motion.track.time_s[-1]))
    current = apply_edits(events, edits)
    strides, left_out = cut_strides(current, motion)
    steps = find_steps(motion, current)
    resolved, unlikely = believable_scale(resolve_scale(scale, motion, strides))
    curves, impossible = without_impossible(stride_curves(motion, strides))
    rhythm = not any(warning.code == "no_rhythm" for warning in warnings)
    withheld = lengths_withheld(motion, steps, rhythm=rhythm)
    unequal = steps_disagree(steps, strides)
    own = [
        *_warnings(strides, scale, resolved, withheld, unlikely),
        *impossible,
        *([] if unequal is None else [unequal]),
    ]
    broken = bool(BROKEN_TIME & {warning.code for warning in warnings})
    contradictory = unequal is not None and unequal.code == "steps_withheld"
    untold = broken or contradictory or (not rhythm and len(strides) < _FEWEST)
    gate = marker_gate if scale.kind == "markers" else quality_gate
    return Measurement(
        events=events,
        edits=tuple(edits),
        strides=strides,
        rejections=(*current.rejections, *left_out),
        scale_input=scale,
        scale=resolved,
        parameters={} if untold else spatiotemporal(motion, current, steps, strides, resolved, settings),
        key_values=key_values(curves, settings, curve_errors(motion, strides)),
        curves=curves,
        repairs=motion.cleaned.repairs,
        undone=tuple(sorted(undone)),
        checks=gate(motion.track, motion, (*warnings, *own)),
        proportions=body_proportions(motion),
        quality={k: v for k, v in (quality or {}).items() if isinstance(v, int | float | str)},
        warnings=(*warnings, *own),
        visible_side=motion.visible_side,
        segments=motion.segments,
        duration_s=float(np.ptp(motion.track.time_s)),
        settings=settings,
    )


def _warnings(
    strides: Sequence[Stride],
    scale: ScaleInput,
    resolved: Scale | None,
    withheld: WalkWarning | None,
    unlikely: WalkWarning | None,
) -> list[WalkWarning]:
    """Say what could not be measured, and why."""
    found = [withheld] if withheld is not None else []
    if not strides:
        text = "No complete stride was seen, so there are no stride times and no curves: they need four steps or more."
        found.append(WalkWarning(code="no_stride", message=text))
    for side in ("left", "right"):
        if strides and not any(stride.side == side for stride in strides):
            text = f"No complete stride of the {side} leg was seen; its values are missing."
            found.append(WalkWarning(code=f"no_{side}_stride", message=text))
    if withheld is not None:
        return found  # there are no lengths that a scale could turn into metres
    if unlikely is not None:
        found.append(unlikely)
    elif scale.kind == "none":
        text = "Lengths are in leg lengths: give the person's height, a known distance or the speed to get metres."
        found.append(WalkWarning(code="no_scale", message=text))
    elif resolved is None:
        text = f"The {scale.kind} that was given could not be used on this walk, so there are no metres."
        found.append(WalkWarning(code="scale_unused", message=text))
    return found
