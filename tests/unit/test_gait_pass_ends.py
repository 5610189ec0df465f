"""A contact or foot off near an end of a clip is found, though its turning point was not filmed; none is made up."""

import numpy as np
import pytest
from gait_walks import select, simulated

from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT
from gait_core.gait.measurement import measure, motion_of
from gait_core.simulate.noise import observe

FPS = 60.0


@pytest.fixture(scope="module", params=[1, 2, 5])
def seen(request):
    truth = simulated(seed=request.param, fps=FPS)[0]
    return truth, observe(truth, seed=request.param)


def events_of(track, kind, side):
    events = measure(motion_of(track)).current_events.events
    return [event for event in events if (event.kind, event.side) == (kind, side)]


def second(truth, kind, *, from_end=False):
    """Return an event in the first, or the last, part of the walk: enough steps lie on its other side."""
    events = [event for event in truth.events if event.kind == kind]
    return events[-3] if from_end else events[2]


@pytest.mark.parametrize("kind", [INITIAL_CONTACT, FOOT_OFF])
@pytest.mark.parametrize("before_s", [0.05, 0.07, 0.09])
def test_an_event_soon_after_the_beginning_is_found(seen, kind, before_s):
    truth, track = seen
    event = second(truth, kind)
    first = int(np.searchsorted(track.time_s, event.time_s - before_s))
    found = events_of(select(track, slice(first, None)), kind, event.side)
    assert found[0].time_s == pytest.approx(event.time_s, abs=0.04)
    assert found[0].time_sd_s > 0.02 or before_s > 0.06, "half of the evidence is missing"


@pytest.mark.parametrize("before_s", [0.04, 0.06])
def test_a_foot_off_just_before_the_end_is_found(seen, before_s):
    truth, track = seen
    event = second(truth, FOOT_OFF, from_end=True)
    last = int(np.searchsorted(track.time_s, event.time_s + before_s))
    found = events_of(select(track, slice(None, last + 1)), FOOT_OFF, event.side)
    assert found[-1].time_s == pytest.approx(event.time_s, abs=0.04)


@pytest.mark.parametrize("after_s", [0.06, 0.15, 0.3])
def test_an_event_before_the_beginning_is_not_made_up(seen, after_s):
    truth, track = seen
    for kind in (INITIAL_CONTACT, FOOT_OFF):
        event = second(truth, kind)
        first = int(np.searchsorted(track.time_s, event.time_s + after_s))
        found = events_of(select(track, slice(first, None)), kind, event.side)
        following = next(e for e in truth.events if (e.kind, e.side) == (kind, event.side) and e.time_s > event.time_s)
        assert found[0].time_s == pytest.approx(following.time_s, abs=0.05)
