"""What long work reports, and how it is cancelled.

Work receives a `Reporter` and calls it; it never prints and never asks who listens. The
command line writes the events to standard error, a worker writes them into a job folder.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gait_core.errors import Cancelled

__all__ = ["Event", "RateMeter", "Reporter", "silent"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened.

    Attributes
    ----------
    kind : {"stage", "stage_end", "progress", "item_end", "epoch", "note", "warning"}
        What happened.
    stage : str
        Stage of the pipeline: ``probe``, ``extract``, ``features``, ``train``, ``thresholds`` …
    item : str or None
        The video concerned, where several run side by side; None for the stage as a whole.
    done, total : float
        Work done and work expected, in `unit`; `total` is 0 when unknown.
    unit : str
        ``frames``, ``walks``, ``epochs`` …
    rate_per_s : float or None
        Units per second over the last seconds.
    eta_s : float or None
        Seconds left at that rate.
    message : str
        One line for a person.
    data : mapping
        Further values, JSON-serialisable: losses of an epoch, the error of a failed item.
    time_s : float
        Seconds since the Unix epoch.
    """

    kind: str
    stage: str = ""
    item: str | None = None
    done: float = 0.0
    total: float = 0.0
    unit: str = ""
    rate_per_s: float | None = None
    eta_s: float | None = None
    message: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    time_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that carry something, for JSON."""
        full = dict(vars(self), data=dict(self.data))
        return {k: v for k, v in full.items() if v not in (None, "", {}) or k == "kind"}


class RateMeter:
    """Units per second over a sliding span of time.

    Parameters
    ----------
    span_s : float
        Length of the span, s.
    """

    def __init__(self, span_s: float = 8.0) -> None:
        self._span_s = span_s
        self._points: deque[tuple[float, float]] = deque()

    def update(self, done: float, now_s: float) -> float | None:
        """Add one reading and return the rate in units/s, or None before the second reading."""
        self._points.append((now_s, done))
        while len(self._points) > 2 and now_s - self._points[0][0] > self._span_s:
            self._points.popleft()
        first_s, first = self._points[0]
        elapsed_s = now_s - first_s
        return (done - first) / elapsed_s if elapsed_s > 0 and done > first else None


class Reporter:
    """Hand progress to a sink and check for cancellation. Safe to share between threads.

    Parameters
    ----------
    sink : callable, optional
        Receives every `Event`; calls never overlap.
    cancelled : callable, optional
        Returns True once the user wants the work to stop.
    stop_early : callable, optional
        Returns True once the user wants training to end now and keep the best weights.
    run_id : str
        Identifies the run, however often it is resumed; empty where nothing is resumed.
    """

    def __init__(
        self,
        sink: Callable[[Event], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        stop_early: Callable[[], bool] | None = None,
        *,
        run_id: str = "",
    ) -> None:
        self.run_id = run_id
        self._sink = sink
        self._cancelled = cancelled
        self._stop_early = stop_early
        self._lock = threading.Lock()
        self._meters: dict[tuple[str, str | None], RateMeter] = {}
        self._timing: dict[str, float] = {}

    @property
    def timing_s(self) -> dict[str, float]:
        """Seconds spent in each finished stage."""
        return dict(self._timing)

    def check(self) -> None:
        """Raise `Cancelled` when the user has asked for it; call it at least once a second."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled()

    def wants_early_stop(self) -> bool:
        """Return whether training should end now and keep its best weights."""
        return self._stop_early is not None and self._stop_early()

    def without_early_stop(self) -> Reporter:
        """Return a reporter to the same sink that knows only cancelling, for what follows an early stop."""
        return Reporter(sink=self.emit, cancelled=self._cancelled, run_id=self.run_id)

    def without_events(self) -> Reporter:
        """Return a reporter that reports to no one but can still be cancelled, for one step of many."""
        return Reporter(cancelled=self._cancelled, run_id=self.run_id)

    def stopped_by(self, over: Callable[[], bool]) -> Reporter:
        """Return a reporter to the same sink that also counts as cancelled once `over` says so."""
        own = self._cancelled
        either = over if own is None else lambda: own() or over()
        return Reporter(sink=self.emit, cancelled=either, run_id=self.run_id)

    @contextmanager
    def stage(self, name: str, message: str = "") -> Iterator[None]:
        """Time a stage and announce its start and end, and whether it ended done, failed or cancelled."""
        self.check()
        begun_s = time.perf_counter()
        self.emit(Event(kind="stage", stage=name, message=message))
        state = "failed"
        try:
            yield
            state = "done"
        except (Cancelled, KeyboardInterrupt):
            state = "cancelled"
            raise
        finally:
            elapsed_s = time.perf_counter() - begun_s
            with self._lock:
                self._timing[name] = self._timing.get(name, 0.0) + elapsed_s
            self.emit(Event(kind="stage_end", stage=name, data={"duration_s": elapsed_s, "state": state}))

    def progress(
        self,
        stage: str,
        done: float,
        total: float,
        unit: str,
        *,
        item: str | None = None,
        message: str = "",
        rate_per_s: float | None = None,
    ) -> None:
        """Report how much of a stage, or of one item of it, is done; rate, unless known, and time left are added."""
        now_s = time.monotonic()
        with self._lock:
            meter = self._meters.setdefault((stage, item), RateMeter())
            rate = meter.update(done, now_s) if rate_per_s is None else rate_per_s
        eta_s = (total - done) / rate if rate and total > done else (0.0 if total and done >= total else None)
        self.emit(
            Event(
                kind="progress",
                stage=stage,
                item=item,
                done=done,
                total=total,
                unit=unit,
                rate_per_s=rate,
                eta_s=eta_s,
                message=message,
            )
        )

    def item_end(self, stage: str, item: str, *, state: str, message: str = "", **data: Any) -> None:
        """Report that one item ended; `state` is ``done``, ``cached``, ``failed`` or ``cancelled``."""
        self.emit(Event(kind="item_end", stage=stage, item=item, message=message, data={"state": state, **data}))

    def epoch(self, stage: str, epoch: int, epochs: int, **values: float) -> None:
        """Report the losses of one finished epoch (1-based)."""
        self.emit(
            Event(kind="epoch", stage=stage, done=epoch, total=epochs, unit="epochs", data={"epoch": epoch, **values})
        )

    def note(self, stage: str, message: str) -> None:
        """Report something worth knowing."""
        self.emit(Event(kind="note", stage=stage, message=message))

    def warn(self, stage: str, message: str, *, item: str | None = None) -> None:
        """Say something that the user has to know."""
        self.emit(Event(kind="warning", stage=stage, item=item, message=message))

    def emit(self, event: Event) -> None:
        """Hand an event to the sink, stamped with the time: for what another reporter has heard."""
        if self._sink is None:
            return
        stamped = Event(**dict(vars(event), time_s=time.time()))
        with self._lock:
            self._sink(stamped)


def silent() -> Reporter:
    """Return a reporter that reports to no one and is never cancelled.

    Returns
    -------
    Reporter
    """
    return Reporter()
