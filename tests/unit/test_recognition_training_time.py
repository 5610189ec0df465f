"""A training of a recognition network says after its first steps how long it will take here."""

from types import SimpleNamespace

import pytest

from gait_core.progress import Reporter
from gait_core.recognition.training import train


@pytest.mark.parametrize(
    ("step_s", "says"),
    [
        (0.1, "A step takes 0.1 s on this machine, so the 294 steps left take about 29 seconds."),
        (17.0, "about 83 minutes"),
    ],
)
def test_the_time_is_told_once_and_without_the_first_step(monkeypatch, step_s, says):
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr(train, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    events = []
    source = SimpleNamespace(batches=lambda _: iter(range(150)))
    settings = SimpleNamespace(steps_per_epoch=150, epochs=2)
    announced = train._Announced(source, settings, Reporter(sink=events.append))
    for epoch in (1, 2):
        for step, _ in enumerate(announced.batches(epoch)):
            clock.now_s += 60.0 if step == 0 else step_s  # the first step of each epoch is a slow one
    notes = [event.message for event in events if event.kind == "note"]
    assert len(notes) == 1
    assert says in notes[0]
    last = [event for event in events if event.kind == "progress"][-1]
    assert (last.done, last.total, last.unit) == (300, 300, "steps")
