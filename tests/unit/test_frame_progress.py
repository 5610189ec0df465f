"""What progress says of several videos that are analysed side by side."""

from gait_core.pose import frame_progress
from gait_core.pose.frame_progress import FrameProgress
from gait_core.progress import Reporter


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now_s = 0.0

    def monotonic(self):
        return self.now_s


def test_frames_from_the_cache_do_not_shorten_the_time_left(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(frame_progress, "time", clock)
    events = []
    progress = FrameProgress(Reporter(events.append), "extract")
    for label in ("cached.mp4", "new.mp4"):
        progress.expect(label, 300)
    progress.update("new.mp4", 0)
    clock.now_s = 0.1
    progress.finish("cached.mp4", 300, cached=True)
    for second in range(1, 6):
        clock.now_s = float(second)
        progress.update("new.mp4", 30 * second)
    total = [event for event in events if event.item is None][-1]
    assert (total.done, total.total) == (450, 600)
    assert abs(total.rate_per_s - 30.0) < 1.0 and abs(total.eta_s - 5.0) < 0.3
    whole = [event for event in events if event.item == "cached.mp4"][-1]
    assert whole.done == 300 and not whole.rate_per_s
