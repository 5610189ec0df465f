"""Runs a stored network over walks, on the device of the machine: `NetworkRun`."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import GaitError, InputError, WalkWarning
from gait_core.learn.backend import executing, training_device
from gait_core.progress import Reporter
from gait_core.recognition.batching import BatchSettings, Embedder, Embedding, frames_at_once
from gait_core.recognition.inputs.rated import RatedFrames
from gait_core.recognition.model_store import RecognitionModel
from gait_core.runtime.devices import VARIABLE, DeviceChoice, OptimisationLevel, choose_device, fall_back, plan
from gait_core.runtime.memory_readings import machine_memory
from gait_core.workflows.recognise.sources import Outcome, WalkSource

__all__ = ["LEVELS", "STAGE", "EmbeddedWalk", "NetworkRun"]

LEVELS: Final = tuple(level.value for level in OptimisationLevel)
_LOOK_AHEAD: Final = 32
STAGE: Final = "embed"
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class EmbeddedWalk:
    """Outcome of one walk.

    Attributes
    ----------
    source : WalkSource
    facts : dict
        Quality, view, geometry and warnings; the error where there is no embedding.
    embedding : Embedding or None
    error : GaitError or None
    """

    source: WalkSource
    facts: dict[str, Any]
    embedding: Embedding | None = None
    error: GaitError | None = None

    @property
    def view(self) -> str:
        """From where the camera saw the person."""
        return str(self.facts["view"])

    @property
    def score(self) -> float:
        """Mean quality of the frames that were kept."""
        return float(self.facts["quality"]["score"])

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of the walk in a JSON result."""
        source = self.source
        entry = {"path": source.path, "name": source.name, "kind": source.kind, **self.facts}
        if source.subject:
            entry["subject"] = source.subject
        if self.error is not None:
            entry["error"] = self.error.to_dict()
        return entry


class NetworkRun:
    """A network on a device; leave it as a context so that the settings of the backend are put back.

    Where the network fails, the next safer way is tried for the walks that are left, and a note says so.

    Parameters
    ----------
    model : RecognitionModel
    reporter : Reporter
    level : {"conservative", "balanced", "aggressive"}
    strict : bool
        Keep float32 without TF32, whatever the level.
    choice : DeviceChoice, optional
        Where to run; default: the best device for recognition.
    """

    def __init__(
        self,
        model: RecognitionModel,
        reporter: Reporter,
        *,
        level: str = LEVELS[0],
        strict: bool = False,
        choice: DeviceChoice | None = None,
    ) -> None:
        self.model, self._reporter = model, reporter
        self._choice = choice or _device()
        self._level, self._strict = OptimisationLevel(level), strict
        self._plan = plan(self._choice.device, self._level, strict)
        self._stack = ExitStack()
        self._embedder: Embedder | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def device(self) -> dict[str, Any]:
        """Where and how the network runs, for JSON."""
        return {
            "kind": self._plan.device,
            "name": self._choice.device.name,
            "reason": self._choice.reason,
            "level": self._level.value,
            "strict": self._strict,
            "precision": self._plan.precision,
            "notes": list(self._plan.reasons),
        }

    @property
    def statistics(self) -> dict[str, int]:
        """Counts of `gait_core.recognition.batching.BatchStatistics`."""
        return {} if self._embedder is None else dict(vars(self._embedder.statistics))

    def embed(self, walks: Iterable[tuple[WalkSource, Outcome]], *, view: str = "auto") -> Iterator[EmbeddedWalk]:
        """Yield what comes of each walk, in their order; one that cannot be used does not stop the others.

        Parameters
        ----------
        walks : iterable of (WalkSource, RatedFrames or GaitError)
            As `gait_core.workflows.recognise.sources.SourceReader.read` gives them.
        view : {"auto", "side", "front"}
            From where the camera saw the person, where the user knows.
        """
        waiting: deque[EmbeddedWalk] = deque()
        embeddings = self._embeddings(self._usable(walks, waiting, view))
        for embedding in embeddings:
            yield from self._failed_before(waiting)
            yield replace(waiting.popleft(), embedding=embedding)
        yield from self._failed_before(waiting)

    @staticmethod
    def _failed_before(waiting: deque[EmbeddedWalk]) -> Iterator[EmbeddedWalk]:
        while waiting and waiting[0].error is not None:
            yield waiting.popleft()

    def _usable(
        self, walks: Iterable[tuple[WalkSource, Outcome]], waiting: deque[EmbeddedWalk], view: str
    ) -> Iterator[NDArray[np.float32]]:
        """Yield the inputs of the walks that can be used; put every walk into `waiting`."""
        for source, outcome in walks:
            if isinstance(outcome, GaitError):
                waiting.append(EmbeddedWalk(source=source, facts=_no_facts(), error=outcome))
                continue
            facts = _facts(outcome, view)
            try:
                sequence = outcome.sequence
                frames = sequence.for_network(self.model.settings)
            except InputError as error:
                waiting.append(EmbeddedWalk(source=source, facts=facts, error=error))
                continue
            facts |= {"frames": len(sequence), "geometry": sequence.geometry.to_dict()}
            waiting.append(EmbeddedWalk(source=source, facts=facts))
            yield frames

    def _embeddings(self, inputs: Iterator[NDArray[np.float32]]) -> Iterator[Embedding]:
        held: deque[NDArray[np.float32]] = deque()
        feed = _Feed(inputs, held)
        while True:
            try:
                if self._embedder is None:
                    self._embedder = self._loaded()
                for embedding in self._embedder.embed(feed.again()):
                    held.popleft()
                    yield embedding
                return
            except Exception as error:
                if isinstance(error, GaitError) or feed.failed:
                    raise
                self._give_up(error)

    def _loaded(self) -> Embedder:
        applied = self._stack.enter_context(executing(self._plan))
        self._plan = applied
        network = self.model.load(dtype=applied.policy)
        settings = BatchSettings.for_memory(
            machine_memory().available_bytes, network, frames_at_once=frames_at_once(), look_ahead=_LOOK_AHEAD
        )
        return Embedder(network, settings)

    def _give_up(self, error: Exception) -> None:
        """Take the next safer plan; raises `LibraryError` when there is none."""
        _logger.warning("the network failed with %s", self._plan, exc_info=error)
        self._plan = fall_back(self._plan, error)
        self._stack.close()
        self._stack, self._embedder = ExitStack(), None
        self._reporter.warn(STAGE, self._plan.reasons[-1])


class _Feed:
    """Hands inputs on and keeps those that may be needed once more."""

    def __init__(self, inputs: Iterator[NDArray[np.float32]], held: deque[NDArray[np.float32]]) -> None:
        self._inputs, self._held = inputs, held
        self.failed = False

    def again(self) -> Iterator[NDArray[np.float32]]:
        """Yield what is held, then what comes next."""
        yield from tuple(self._held)
        while True:
            self.failed = True
            frames = next(self._inputs, None)
            self.failed = False
            if frames is None:
                return
            self._held.append(frames)
            yield frames


def _device() -> DeviceChoice:
    """Return the device for recognition; that of Keras, where this process has settled on another one."""
    settled = training_device()
    choice = choose_device("recognition", preference=os.environ.get(VARIABLE))
    return choice if choice.device.kind == settled.device.kind else settled


def _facts(rated: RatedFrames, view: str) -> dict[str, Any]:
    quality = rated.quality.to_dict()
    warnings = list(quality.pop("warnings"))
    seen = rated.view if view == "auto" else view
    if rated.view not in (seen, "unknown"):
        message = f"The view was given as {seen}, but the landmarks look like {rated.view}; the given view is used."
        warnings.append(WalkWarning(code="other_view", message=message).to_dict())
    if seen == "unknown":
        message = "The view is not known, so distances to other walks are no evidence; state it, if you know it."
        warnings.append(WalkWarning(code="unknown_view", message=message).to_dict())
    return {"view": seen, "frames": 0, "quality": quality, "warnings": warnings}


def _no_facts() -> dict[str, Any]:
    return {"view": "unknown", "frames": 0, "quality": None, "warnings": []}
