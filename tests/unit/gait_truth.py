"""Events and strides that are known for certain, and walks as a pose model would see them."""

from functools import cache
from itertools import pairwise

from gait_walks import simulated

from gait_core.config import FeatureSettings, MeasureSettings
from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT, EventSet
from gait_core.gait.kinematics import compute_kinematics
from gait_core.gait.strides import Stride
from gait_core.simulate.noise import observe
from gait_core.simulate.walker import sample_person, walk

FEATURES = FeatureSettings(rate_hz=100.0)
SETTINGS = MeasureSettings()


def truth_events(truth, motion):
    """Return the true events that lie 0.3 s inside a pass."""
    spans = [(segment.start_s + 0.3, segment.end_s - 0.3) for segment in motion.segments]
    return EventSet(events=tuple(e for e in truth.events if any(a <= e.time_s <= b for a, b in spans)))


def truth_strides(events, motion):
    """Put events together to strides, plainly."""
    strides = []
    for number, segment in enumerate(motion.segments):
        for side, other in (("left", "right"), ("right", "left")):
            contacts = [
                t for t in events.times_s(side, INITIAL_CONTACT).tolist() if segment.start_s <= t <= segment.end_s
            ]
            for start_s, end_s in pairwise(contacts):

                def inside(of, kind, start_s=start_s, end_s=end_s):
                    return [t for t in events.times_s(of, kind).tolist() if start_s < t < end_s]

                strides.append(
                    Stride(
                        side=side,
                        pass_number=number,
                        start_s=start_s,
                        end_s=end_s,
                        foot_off_s=inside(side, FOOT_OFF)[0],
                        opposite_foot_off_s=inside(other, FOOT_OFF)[0],
                        opposite_contact_s=inside(other, INITIAL_CONTACT)[0],
                        near=side == segment.visible_side,
                        confidence=1.0,
                    )
                )
    return tuple(sorted(strides, key=lambda stride: stride.start_s))


def of_track(truth, track):
    """Return truth, motion, events and strides."""
    motion = compute_kinematics(track, FEATURES)
    events = truth_events(truth, motion)
    return truth, motion, events, truth_strides(events, motion)


@cache
def exact(**how):
    """Return a walk whose landmarks have no error."""
    return of_track(*simulated(**how))


@cache
def seen(person=100, seed=0, fps=30.0, direction=1, camera=None, impairment=None, severity=0.0):
    """Return a walk with the errors of the pose model."""
    truth = walk(
        sample_person(person),
        seed=seed,
        fps=fps,
        direction=direction,
        camera=camera,
        impairment=impairment,
        severity=severity,
    )
    return of_track(truth, observe(truth, seed=seed))
