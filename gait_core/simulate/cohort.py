"""Many simulated walks at once: rendered into a folder, or as tracks by the fast path."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gait_core.errors import SettingsError
from gait_core.progress import Reporter, silent
from gait_core.simulate.impairments import IMPAIRMENTS
from gait_core.simulate.person import sample_person
from gait_core.simulate.render import render
from gait_core.simulate.truth import WalkTruth
from gait_core.simulate.walker import walk
from gait_core.workspace import storage_guard

__all__ = ["simulate_walks"]

_STAGE: Final = "simulate"


def simulate_walks(
    folder: Path,
    *,
    walks: int,
    pattern: str | None = None,
    seed: int = 0,
    fps: float = 30.0,
    severity: float = 0.7,
    affected_side: str = "left",
    direction: int | None = None,
    first_walk: int = 0,
    reporter: Reporter | None = None,
) -> list[Path]:
    """Render walks of one person, each with its truth beside it.

    Parameters
    ----------
    folder : Path
        Where ``person<seed>_<pattern>_walk<number>.mp4`` and the same name with ``.truth.json`` go; an impaired name
        carries severity and side as well. Files of the same names are replaced.
    walks : int
        Number of walks, at least 1.
    pattern : str or None
        A key of `IMPAIRMENTS`; None or ``"normal"`` gives normal walks.
    seed : int
        The person; the same seed gives the same person, walks and frames.
    fps : float
        Frame rate, Hz.
    severity : float
        Severity of the pattern, from 0 to 1.
    affected_side : {"left", "right"}
        Side of a one-sided pattern.
    direction : {+1, -1} or None
        One direction for all walks; None takes them in turn from left to right and back.
    first_walk : int
        Number of the first walk: a later call with the next number adds new walks of the same person.
    reporter : Reporter or None
        Called for every walk.

    Returns
    -------
    list of Path
        The videos, in order.

    Raises
    ------
    SettingsError
        When a parameter is out of range; nothing is written then.
    StorageError
        When the folder cannot be written.
    Cancelled
        When the user stops the work; finished walks stay.
    """
    reporter = reporter or silent()
    name = None if pattern in (None, "normal") else pattern
    if walks < 1:
        raise SettingsError(f"Expected at least 1 walk, but got {walks!r}.", "Give --walks a positive number.")
    if name is not None and name not in IMPAIRMENTS:
        raise SettingsError(
            f"Expected pattern to be normal, {', '.join(IMPAIRMENTS)}, but got {pattern!r}.", "Choose one of these."
        )
    person = sample_person(seed)
    videos = []
    with reporter.stage(_STAGE):
        for number in range(first_walk, first_walk + walks):
            truth = walk(
                person,
                fps=fps,
                seed=number,
                impairment=name,
                severity=severity if name else 0.0,
                affected_side=affected_side,
                direction=direction or (1 if number % 2 == 0 else -1),
            )
            video = folder / f"{_stem(truth, number)}.mp4"
            with storage_guard(video):
                folder.mkdir(parents=True, exist_ok=True)
            render(truth, video, seed=seed, reporter=reporter)
            truth.to_json(video.with_suffix(".truth.json"))
            videos.append(video)
            reporter.item_end(_STAGE, video.name, state="done")
            reporter.progress(_STAGE, number - first_walk + 1, walks, "walks")
    return videos


def _stem(truth: WalkTruth, number: int) -> str:
    what = "normal"
    if truth.impairment:
        what = f"{truth.impairment.replace('_', '-')}-{truth.affected_side}-{round(100 * truth.severity):03d}"
    return f"person{truth.person_seed:03d}_{what}_walk{number + 1:02d}"
