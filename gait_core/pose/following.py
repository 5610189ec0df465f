"""Follow one chosen person where several are in the frame.

The pose model follows whomever it saw first, and switches to another person when two people cross. Here the person is
chosen at the start, everything away from the expected place is covered before the model looks, and a pose that the
person cannot have is refused: too far away, of another size, or walking the other way. While another person stands in
between, the person is missing and not replaced.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.pose.engine import CloseLook, PoseEngine, PoseResult
from gait_core.pose.person_path import PersonPath, Place, Sighting, same_person
from gait_core.video.pixels import Pixels, RgbPixels

__all__ = ["FollowingEngine", "SearchingEngine"]

Image = NDArray[np.uint8]

CHOOSING_S: Final = 1.0
"""Time after the first person was seen in which a person who appears later may still be chosen, s."""
CHOOSING_EVERY_S: Final = 0.24
MOST_PEOPLE: Final = 3
DOUBT_S: Final = 0.25
"""Time before a pose is refused in which it may already have been that of another person, s."""
CLEARANCE: Final = 0.75
"""Half the side of the frame that is left open around the person, body heights."""


class SearchingEngine(PoseEngine, Protocol):
    """An engine that can also look at one frame by itself, and start over."""

    def find(self, pixels: Pixels) -> PoseResult | None:
        """Return the most conspicuous person in a frame, whatever came before."""

    def restart(self) -> None:
        """Forget whom the engine follows."""


class FollowingEngine:
    """Follow the person whom a rule names.

    Parameters
    ----------
    engine : SearchingEngine
        Runs the pose model.
    rule : {"largest", "leftmost", "rightmost"}
        Who of those in the frame at the start.
    max_side_px : int, optional
        Longer side of the frames that are looked at, px.
    """

    def __init__(self, engine: SearchingEngine, rule: str, max_side_px: int | None = None) -> None:
        self._engine = engine
        self._max_side_px = max_side_px
        self._best: Callable[[list[Sighting]], Sighting] = {
            "largest": lambda poses: max(poses, key=lambda pose: pose.height),
            "leftmost": lambda poses: min(poses, key=lambda pose: float(pose.hip[0])),
            "rightmost": lambda poses: max(poses, key=lambda pose: float(pose.hip[0])),
        }[rule]
        self._path: PersonPath | None = None
        self._first_s = self._looked_s = math.nan
        self._most = 0
        self._doubts: list[tuple[float, float]] = []
        self._others: list[Sighting] = []  # covered when the engine begins anew, lest it begin with one of them

    @property
    def name(self) -> str:
        """Name of the engine that runs the pose model."""
        return self._engine.name

    @property
    def version(self) -> str:
        """Its version."""
        return self._engine.version

    @property
    def doubts(self) -> tuple[tuple[float, float], ...]:
        """Times, s, both included, in which poses were given that may be another person's."""
        return tuple(self._doubts)

    def __enter__(self) -> Self:
        self._engine.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.__exit__(kind, error, trace)

    def count_people(self, pixels: Pixels, known: PoseResult) -> int:
        """Return how many people are in the frame."""
        return self._engine.count_people(pixels, known)

    def sees_beside_legs(self, pixels: Pixels, known: PoseResult) -> bool:
        """Return whether there seems to be a smaller person in front of the legs of the one followed."""
        return isinstance(self._engine, CloseLook) and self._engine.sees_beside_legs(pixels, known)

    def detect(self, pixels: Pixels, time_s: float) -> PoseResult | None:
        """Return the pose of the chosen person, or None while they are out of sight."""
        image_rgb = pixels.rgb(self._max_side_px)
        if self._path is None or self._still_choosing(time_s):
            return self._choose(image_rgb, time_s)
        path = self._path
        place = path.expected(time_s)
        if path.lost:
            return self._search(image_rgb, path, time_s)
        view = _only_around(image_rgb, place, path.height)
        others, self._others = self._others, []
        for other in others:
            other.cover(view)
        found = self._engine.detect(RgbPixels(view), time_s)
        if found is None:
            path.lose()
            return None
        pose = Sighting(found, image_rgb)
        if path.accepts(pose, time_s):
            path.add(pose, time_s)
            return found
        if path.steady:
            self._doubts.append((max(path.since_s, path.last_s - DOUBT_S), path.last_s))
            path.forget(path.last_s - DOUBT_S)
        path.lose()
        return self._search(image_rgb, path, time_s)

    def _still_choosing(self, time_s: float) -> bool:
        return time_s - self._first_s <= CHOOSING_S and time_s - self._looked_s >= CHOOSING_EVERY_S

    def _choose(self, image: Image, time_s: float) -> PoseResult | None:
        poses = self._everyone(image)
        self._looked_s = time_s
        if not poses:
            return None
        if math.isnan(self._first_s):
            self._first_s = time_s
        best = self._best(poses)
        path = self._path
        if path is None or (len(poses) > self._most and not path.accepts(best, time_s)):
            if path is not None:
                self._doubts.append((path.since_s, path.last_s))
            self._path = path = PersonPath(best, time_s)
            self._engine.restart()
            self._others = [pose for pose in poses if pose is not best]
            self._most = len(poses)
            return best.result
        mine = path.nearest(poses, time_s)
        if mine is None:
            return None
        path.add(mine, time_s)
        return mine.result

    def _search(self, image: Image, path: PersonPath, time_s: float) -> PoseResult | None:
        """Look for a person who was out of sight, among everybody near the place expected."""
        poses = self._everyone(_only_around(image, path.expected(time_s), path.height))
        mine = path.nearest(poses, time_s)
        if mine is None:
            return None
        path.add(mine, time_s)
        self._engine.restart()
        self._others = [pose for pose in poses if pose is not mine]
        return mine.result

    def _everyone(self, image: Image) -> list[Sighting]:
        """Return all people in a frame: find one, cover it, look again."""
        poses: list[Sighting] = []
        image = image.copy()
        for _ in range(MOST_PEOPLE):
            found = self._engine.find(RgbPixels(image))
            if found is None:
                break
            pose = Sighting(found, image)
            if any(same_person(pose.points, other.points) for other in poses):
                break
            poses.append(pose)
            pose.cover(image)
        return poses


def _only_around(image: Image, place: Place, body: float) -> Image:
    """Return a copy in which everything away from a person is covered."""
    height, width = image.shape[:2]
    reach = CLEARANCE * body
    left, right = (int(np.clip((place[0] + side * reach) * height, 0, width)) for side in (-1, 1))
    top, bottom = (int(np.clip((place[1] + side * reach) * height, 0, height)) for side in (-1, 1))
    covered = np.empty_like(image)
    covered[:] = image[::8, ::8].mean(axis=(0, 1)).astype(np.uint8)
    covered[top:bottom, left:right] = image[top:bottom, left:right]
    return covered
