"""Simulated walkers for the demo of recognition: people of different bodies, or of one body with different gaits.

Gaits are drawn as `gait_core.simulate.person.sample_person` draws healthy adults, and nothing is added to make people
easier to tell apart. Per person it draws cadence (112 steps/min at a height of 1.71 m, SD 5.5), step length (SD 1.8 %
of height), the curves of hip, knee and ankle with a difference between the sides, lean (3°, SD 2.2°) and rotation of
the trunk, swing (17°, SD 4.5°) and bend of the arms, and the lag between the sides. Between the walks of one person
`vary_day` changes all of these a little, and each walk has another camera.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from gait_core.errors import SettingsError
from gait_core.pose.landmarks import INDEX
from gait_core.progress import Reporter, silent
from gait_core.recognition.inputs.sequence import GaitSequence
from gait_core.simulate.camera import sample_camera
from gait_core.simulate.figure import draw_person
from gait_core.simulate.person import Looks, Person, sample_person
from gait_core.simulate.render import render
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import walk
from gait_core.walks.silhouettes import aligned_silhouette
from gait_core.workspace import storage_guard

__all__ = ["DemoWalk", "demo_walks", "drawn_silhouettes", "render_demo", "same_body_walks"]

_CAMERA_STREAM: Final = 6701
_FIRST_PERSON: Final = 5000
_BODY: Final = 2024
_WIDTH_PX, _HEIGHT_PX = 640, 360
_DURATION_S: Final = 1.7
_FPS: Final = 30.0
_MASK_FROM: Final = 48
_WHITE: Final = (255, 255, 255)


@dataclass(frozen=True, kw_only=True, eq=False)
class DemoWalk:
    """One walk of one simulated walker.

    Attributes
    ----------
    subject : str
    number : int
        Of the walk, from 1.
    truth : WalkTruth
    """

    subject: str
    number: int
    truth: WalkTruth

    @property
    def name(self) -> str:
        """File name without its ending."""
        return f"{self.subject}_walk{self.number}"


def demo_walks(*, people: int = 20, walks: int = 3, seed: int = 0) -> list[DemoWalk]:
    """Let walkers of different bodies and gaits walk.

    Parameters
    ----------
    people : int
        1 to 500.
    walks : int
        Of each, 1 to 50.
    seed : int
        Another seed gives other people.

    Returns
    -------
    list of DemoWalk
        1.7 s at 30 Hz from the side, from left to right: 52 frames, one and a half cycles.
    """
    _check(people, walks)
    first = _FIRST_PERSON + 1000 * seed
    return [
        _walk(sample_person(first + number), f"walker{number + 1:02d}", walk_number, walk_number)
        for number in range(people)
        for walk_number in range(1, walks + 1)
    ]


def same_body_walks(*, styles: int = 20, walks: int = 3, seed: int = 0) -> list[DemoWalk]:
    """Let one body, in the same clothes, walk in the gaits of different people.

    Without differences in build, only the gait can tell them apart; the equal error rate among these is the honest one.

    Parameters
    ----------
    styles : int
        1 to 500. The gaits are those of people whom `demo_walks` with the same seed does not draw.
    walks : int
        Of each, 1 to 50.
    seed : int

    Returns
    -------
    list of DemoWalk
        As of `demo_walks`.
    """
    _check(styles, walks)
    first = _FIRST_PERSON + 1000 * seed + 500
    body = sample_person(_BODY + seed)
    return [
        _walk(_with_gait_of(body, sample_person(first + number)), f"style{number + 1:02d}", walk_number, key)
        for number in range(styles)
        for walk_number in range(1, walks + 1)
        for key in (100 * (number + 1) + walk_number,)
    ]


def render_demo(walks: Iterable[DemoWalk], folder: Path, reporter: Reporter | None = None) -> list[Path]:
    """Write walks as videos; those that are there already stay.

    Parameters
    ----------
    walks : iterable of DemoWalk
    folder : Path
    reporter : Reporter, optional

    Returns
    -------
    list of Path
        In the order of the walks.

    Raises
    ------
    StorageError
        When the folder cannot be written.
    Cancelled
        When the user stops the work; finished videos stay.
    """
    reporter = reporter or silent()
    planned = list(walks)
    videos = []
    with reporter.stage("simulate", "Rendering the walkers"):
        for done, one in enumerate(planned):
            reporter.check()
            video = folder / f"{one.name}.mp4"
            if not video.is_file():
                with storage_guard(video):
                    folder.mkdir(parents=True, exist_ok=True)
                render(one.truth, video, seed=one.truth.seed, reporter=reporter)
            videos.append(video)
            reporter.progress("simulate", done + 1, len(planned), "walks")
    return videos


def drawn_silhouettes(one: DemoWalk) -> GaitSequence:
    """Return the silhouettes of a walk straight from the drawn body, without video or pose engine.

    They are cleaner than those of a video. They serve tests and quick looks; a demo goes through the video.

    Parameters
    ----------
    one : DemoWalk

    Returns
    -------
    GaitSequence
    """
    truth = one.truth
    looks = _all_white(sample_person(truth.person_seed).looks)
    tips = [INDEX["left_foot_index"], INDEX["right_foot_index"]]
    heights_px = truth.height_px
    frames = []
    for number in range(len(truth)):
        canvas = np.zeros((truth.camera.height_px, truth.camera.width_px, 3), np.uint8)
        gap_m = truth.room_m[number, tips, 1]
        draw_person(canvas, truth.position_px[number], gap_m, truth.direction, float(heights_px[number]), looks)
        mask = np.where(canvas.max(axis=2) >= _MASK_FROM, 255, 0).astype(np.uint8)
        aligned = aligned_silhouette(mask)
        if aligned is not None:
            frames.append(aligned)
    return GaitSequence.of_silhouettes(one.name, np.stack(frames), view="side")


def _walk(person: Person, subject: str, number: int, seed: int) -> DemoWalk:
    generator = np.random.default_rng([_CAMERA_STREAM, person.seed, seed])
    camera = sample_camera(generator, person.height_m, width_px=_WIDTH_PX, height_px=_HEIGHT_PX)
    truth = walk(person, duration_s=_DURATION_S, fps=_FPS, seed=seed, direction=1, camera=camera)
    return DemoWalk(subject=subject, number=number, truth=truth)


def _with_gait_of(body: Person, other: Person) -> Person:
    """Return a body with the gait of another person, the step length at the same share of the height."""
    step_m = other.gait.step_length_m / other.height_m * body.height_m
    return body.with_gait(replace(other.gait, step_length_m=step_m))


def _all_white(looks: Looks) -> Looks:
    return replace(looks, skin=_WHITE, hair=_WHITE, shirt=_WHITE, trousers=_WHITE, shoes=_WHITE, sole=_WHITE)


def _check(people: int, walks: int) -> None:
    if not 1 <= people <= 500 or not 1 <= walks <= 50:
        raise SettingsError(
            f"Expected 1 to 500 walkers with 1 to 50 walks each, but got {people} with {walks}.", "Correct these."
        )
