"""The demo of recognition: simulated walkers on video, a small network trained on them, and how well it does.

`demo_sequences` takes the way of any user: video, pose engine, masks, silhouettes. `train_demo` learns from all walks
but the last of each walker; `judge_demo` then looks for that last walk, for people whom the network has never seen, and
for different gaits of one body.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from gait_core.config import Limits, PoseSettings
from gait_core.errors import GaitError, InputError
from gait_core.progress import Reporter, silent
from gait_core.recognition.batching import Embedder
from gait_core.recognition.gallery.distances import part_distances
from gait_core.recognition.gallery.evaluation import EqualErrorRate, equal_error_rate, rank_k, verification_pairs
from gait_core.recognition.inputs.from_video import rated_walks
from gait_core.recognition.inputs.sequence import GaitSequence
from gait_core.recognition.inputs.settings import InputSettings
from gait_core.recognition.training.demo_walkers import DemoWalk, render_demo
from gait_core.recognition.training.settings import RecognitionTrainingSettings, training_preset
from gait_core.recognition.training.train import TrainedNetwork, train_network
from gait_core.workspace import Workspace

__all__ = ["Judgement", "demo_sequences", "judge_demo", "train_demo"]

_FEWEST_FRAMES: Final = 30


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How well a network tells walkers apart.

    Attributes
    ----------
    rank_1 : float
        Share of the walkers whose last walk is nearest to one of their own earlier walks.
    equal_error : EqualErrorRate
        Over all pairs of two walks.
    people, walks : int
    """

    rank_1: float
    equal_error: EqualErrorRate
    people: int
    walks: int

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, for JSON."""
        rate = self.equal_error.rate
        return {
            "rank_1": self.rank_1,
            "equal_error_rate": rate.mean,
            "equal_error_low": rate.ci_low,
            "equal_error_high": rate.ci_high,
            "people": self.people,
            "walks": self.walks,
        }


def demo_sequences(
    walks: Sequence[DemoWalk],
    workspace: Workspace,
    *,
    folder: str,
    pose: PoseSettings | None = None,
    settings: InputSettings | None = None,
    limits: Limits | None = None,
    reporter: Reporter | None = None,
) -> list[GaitSequence]:
    """Render walks and take their silhouettes from the videos.

    Parameters
    ----------
    walks : sequence of DemoWalk
    workspace : Workspace
        The videos go to ``demo/<folder>``; what is there or in the cache is not made again.
    folder : str
    pose : PoseSettings, optional
    settings : InputSettings, optional
        Default: silhouettes only.
    limits : Limits, optional
        Of the extraction.
    reporter : Reporter, optional

    Returns
    -------
    list of GaitSequence
        In the order of the walks.

    Raises
    ------
    InputError
        When a video gives fewer good frames than a clip needs.
    GaitError
        When a video cannot be used.
    Cancelled
        When the user stops the work.
    """
    reporter = reporter or silent()
    videos = render_demo(walks, workspace.root / "demo" / folder, reporter)
    found = rated_walks(
        videos,
        pose or PoseSettings(),
        settings or InputSettings(maps=False, parsing=False),
        workspace=workspace,
        reporter=reporter,
        limits=limits,
    )
    sequences = []
    for video, one in zip(videos, found, strict=True):
        if isinstance(one, GaitError):
            raise one
        sequences.append(_long_enough(one.sequence, video))
    return sequences


def train_demo(
    walks: Sequence[DemoWalk],
    sequences: Sequence[GaitSequence],
    settings: RecognitionTrainingSettings | None = None,
    *,
    reporter: Reporter | None = None,
    checkpoint: Path | None = None,
) -> TrainedNetwork:
    """Train on all walks but the last of each walker.

    Nothing is held out of these: the weights of the last step are kept, so that the last walks decide nothing.

    Parameters
    ----------
    walks : sequence of DemoWalk
    sequences : sequence of GaitSequence
        Of these walks.
    settings : RecognitionTrainingSettings, optional
        Default: the preset ``demo``.
    reporter, checkpoint
        See `gait_core.recognition.training.train.train_network`.

    Returns
    -------
    TrainedNetwork
    """
    chosen = (settings or training_preset("demo")).with_(validation="none")
    early = [place for place, last in enumerate(_is_last(walks)) if not last]
    return train_network(
        [sequences[place] for place in early],
        [walks[place].subject for place in early],
        chosen,
        reporter=reporter,
        checkpoint=checkpoint,
    )


def judge_demo(network: Any, walks: Sequence[DemoWalk], sequences: Sequence[GaitSequence]) -> Judgement:
    """Return how well a network tells walkers apart.

    Parameters
    ----------
    network : keras.Model
    walks : sequence of DemoWalk
        At least two walks of each of at least two walkers.
    sequences : sequence of GaitSequence
        Of these walks.

    Returns
    -------
    Judgement
    """
    inputs = (sequence.for_network(network.settings) for sequence in sequences)
    parts = np.stack([embedding.parts for embedding in Embedder(network).embed(inputs)])
    distances = part_distances(parts, parts)
    subjects = np.array([walk.subject for walk in walks])
    last = np.array(_is_last(walks))
    return Judgement(
        rank_1=rank_k(distances[np.ix_(last, ~last)], subjects[last], subjects[~last], 1),
        equal_error=equal_error_rate(verification_pairs(distances, subjects)),
        people=len(np.unique(subjects)),
        walks=len(walks),
    )


def _is_last(walks: Sequence[DemoWalk]) -> list[bool]:
    """Return which walks are the last of their walkers."""
    last = {walk.subject: walk.number for walk in sorted(walks, key=lambda walk: walk.number)}
    return [walk.number == last[walk.subject] for walk in walks]


def _long_enough(sequence: GaitSequence, video: Path) -> GaitSequence:
    if len(sequence) < _FEWEST_FRAMES:
        raise InputError(
            f"Expected at least {_FEWEST_FRAMES} good frames in {video.name}, but got {len(sequence)}.",
            "Render the walk again, or choose another pose engine.",
        )
    return sequence
