"""Writes what a running job reports into its folder."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import psutil

from gait_core.errors import GaitError, StorageError
from gait_core.jobs.job import running_stage
from gait_core.jobs.performance import write_report
from gait_core.jobs.sampling import JobSampler
from gait_core.progress import Event, RateMeter
from gait_core.workspace import storage_guard, write_json

__all__ = ["StatusWriter"]

_WRITE_EVERY_S = 0.5
_SAMPLE_EVERY_S = 0.5
_EVENT_EVERY_S = 1.0
_SAMPLES_EVERY_S = 2.0
_MAX_WARNINGS = 200
_NOTHING_DONE: Final[Mapping[str, Any]] = MappingProxyType(
    {"done": 0.0, "total": 0.0, "unit": "", "rate_per_s": None, "eta_s": None}
)
_MAX_ITEMS = 400
"""Videos in the status; the file is written twice a second, however many there are in all."""


class StatusWriter:
    """Sink of a `Reporter` that keeps ``status.json``, ``events.jsonl`` and ``samples.json`` up to date.

    A thread of its own writes the heartbeat, so that a long silent step still shows life, and samples
    memory, CPU and GPU. The end of the job writes its performance report. Use as a
    context manager.

    Parameters
    ----------
    folder : Path
        Job folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sampler = JobSampler(folder)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="heartbeat")
        self._last_event: dict[tuple[str, str | None], float] = {}
        self._items: dict[str, dict[str, Any]] = {}
        self._written_s = 0.0
        self._samples_due_s = 0.0
        self._epochs = RateMeter(span_s=30.0)
        self._status: dict[str, Any] = {
            "state": "queued",
            "stage": "",
            "message": "Waiting for another job to end",
            **_NOTHING_DONE,
            "items": [],
            "items_left_out": 0,
            "stages": [],
            "warnings": [],
            "error": None,
            "pid": os.getpid(),
            "pid_started_s": psutil.Process().create_time(),
            "peak_memory_bytes": 0,
            "started_s": None,
            "ended_s": None,
        }

    def __enter__(self) -> StatusWriter:
        self._write(force=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def peak_memory_bytes(self) -> int:
        """Largest resident memory seen so far."""
        return int(self._status["peak_memory_bytes"])

    def start(self) -> None:
        """Mark the job as running."""
        with self._lock:
            self._status.update(state="running", message="", started_s=time.time())
            self._sampler.start()
        self._write(force=True)

    def end(self, state: str, error: GaitError | None = None, message: str = "") -> None:
        """Mark the job as ended and write that to disk."""
        with self._lock:
            for stage in self._status["stages"]:
                if stage["state"] == "running":
                    stage["state"] = state if state != "done" else "done"
            self._sample()
            for item in self._status["items"]:
                if item["state"] in ("running", "waiting"):
                    item["state"] = "cancelled" if state == "cancelled" else state
            self._status.update(
                state=state,
                ended_s=time.time(),
                eta_s=None,
                message=message,
                error=error.to_dict() if error is not None else None,
            )
            self._sampler.end(state)
            self._save_samples()
            # Before the end is reported: whoever sees it may read the report, or delete the folder.
            write_report(self._folder, self._status)
        self._write(force=True, durable=True)

    def sink(self, event: Event) -> None:
        """Take one event; a `Reporter` calls this."""
        with self._lock:
            getattr(self, f"_on_{event.kind}", _ignore)(event)
            remember = event.kind != "progress" or self._due(event)
        if remember:
            self._append(event)
        self._write(force=event.kind == "stage")

    def _due(self, event: Event) -> bool:
        key = (event.stage, event.item)
        if event.time_s - self._last_event.get(key, 0.0) < _EVENT_EVERY_S:
            return False
        self._last_event[key] = event.time_s
        return True

    def _on_stage(self, event: Event) -> None:
        self._status.update(stage=event.stage, message=event.message, **_NOTHING_DONE)
        self._status["stages"].append(
            {"name": event.stage, "state": "running", "started_s": event.time_s, "duration_s": None}
        )
        self._sampler.stage_begins(event.stage)

    def _on_stage_end(self, event: Event) -> None:
        for stage in reversed(self._status["stages"]):
            if stage["name"] == event.stage and stage["state"] == "running":
                stage.update(state=event.data.get("state", "done"), duration_s=event.data["duration_s"])
                stage.update(self._sampler.stage_ends(event.stage))
                break
        outer = running_stage(self._status["stages"])
        if outer != self._status["stage"]:  # a stage within a stage has ended: the outer one goes on
            self._status.update(stage=outer, message="", **_NOTHING_DONE)

    def _on_progress(self, event: Event) -> None:
        values = {
            "done": event.done,
            "total": event.total,
            "unit": event.unit,
            "rate_per_s": event.rate_per_s,
            "eta_s": event.eta_s,
            "message": event.message,
        }
        if event.item is None:
            if event.stage == self._status["stage"] or not self._has_stage(event.stage):
                self._status.update(values)  # what another stage has done is not shown as progress of this one
        else:
            state = "running" if event.done else "waiting"
            self._item(event.item).update(values, state=state)
            if event.done:
                self._sampler.item_moves(event)

    def _on_item_end(self, event: Event) -> None:
        data = dict(event.data)
        state = data.pop("state")
        self._sampler.item_ends(event, state, data.pop("cost", {}))
        item = self._item(event.item or "")
        item.update(data, state=state, message=event.message, eta_s=None)
        if state in ("done", "cached") and item.get("total"):
            item["done"] = item["total"]

    def _on_epoch(self, event: Event) -> None:
        # Rounds that hold one walk out in turn count together; the last run, on all walks, has no number.
        rounds = int(event.data.get("folds", 1))
        number = int(event.data.get("fold", rounds))
        done, total = (number - 1) * event.total + event.done, rounds * event.total
        rate = self._epochs.update(done, event.time_s)
        eta_s = (total - done) / rate if rate else None
        self._status.update(done=done, total=total, unit=event.unit, rate_per_s=rate, eta_s=eta_s)

    def _has_stage(self, name: str) -> bool:
        return any(stage["name"] == name for stage in self._status["stages"])

    def _on_warning(self, event: Event) -> None:
        warnings = self._status["warnings"]
        text = f"{event.item}: {event.message}" if event.item else event.message
        if text not in warnings and len(warnings) < _MAX_WARNINGS:
            warnings.append(text)

    def _item(self, name: str) -> dict[str, Any]:
        item = self._items.get(name)
        if item is None:
            self._make_way()
            item = {"name": name, "state": "waiting", "done": 0.0, "total": 0.0}
            self._items[name] = item
            self._status["items"].append(item)
        return item

    def _make_way(self) -> None:
        """Leave the oldest finished video out of a full list; failed ones stay, and what is left out is counted."""
        items = self._status["items"]
        if len(items) < _MAX_ITEMS:
            return
        oldest = next((item for item in items if item["state"] in ("done", "cached")), None)
        if oldest is None:
            oldest = next((item for item in items if item["state"] not in ("running", "waiting")), None)
        if oldest is not None:
            items.remove(oldest)
            del self._items[oldest["name"]]
            self._status["items_left_out"] += 1

    def _append(self, event: Event) -> None:
        line = json.dumps(event.to_dict(), ensure_ascii=True, allow_nan=False)
        path = self._folder / "events.jsonl"
        with storage_guard(path), path.open("a", encoding="ascii") as handle:
            handle.write(line + "\n")

    def _write(self, *, force: bool = False, durable: bool = False) -> None:
        with self._lock:
            now_s = time.time()
            if not force and now_s - self._written_s < _WRITE_EVERY_S:
                return
            self._written_s = now_s
            self._status["heartbeat_s"] = now_s
            write_json(self._folder / "status.json", self._status, durable=durable)

    def _sample(self) -> None:
        self._sampler.sample()
        self._status["peak_memory_bytes"] = self._sampler.resident_peak_bytes

    def _save_samples(self) -> None:
        try:
            self._sampler.save()
        except StorageError:
            return  # the work itself runs into the full disk and reports it

    def _beat(self) -> None:
        while not self._ended.wait(_SAMPLE_EVERY_S):
            with self._lock:
                self._sample()
                if time.monotonic() >= self._samples_due_s and self._status["state"] == "running":
                    self._samples_due_s = time.monotonic() + _SAMPLES_EVERY_S
                    self._save_samples()
            if time.time() - self._written_s > 2 * _WRITE_EVERY_S:
                try:
                    self._write()
                except StorageError:
                    continue  # the work itself runs into the full disk and reports it


def _ignore(_: Event) -> None:
    """Take an event that the status does not show."""
