"""Who is told apart from whom: the demo training on simulated walkers, and what its network makes of real walks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gait_core.bench.accuracy_real import PEOPLE, RECORDINGS
from gait_core.bench.common import BenchResult, Table
from gait_core.config import DEFAULT_PROFILE, profile_named
from gait_core.errors import GaitError
from gait_core.progress import Reporter
from gait_core.recognition.batching import Embedder
from gait_core.recognition.gallery.distances import part_distances
from gait_core.recognition.gallery.evaluation import equal_error_rate, rank_k, verification_pairs
from gait_core.recognition.inputs.sequence import GaitSequence
from gait_core.recognition.networks.model import build_network
from gait_core.recognition.training.demo import Judgement, demo_sequences, judge_demo, train_demo
from gait_core.recognition.training.demo_walkers import DemoWalk, demo_walks, same_body_walks
from gait_core.recognition.training.settings import RecognitionTrainingSettings, training_preset
from gait_core.workflows.recognise.sources import SourceReader, WalkSource, find_sources, input_settings
from gait_core.workspace import Workspace

__all__ = ["bench_recognition_demo"]

_PEOPLE: Final = 20
_UNKNOWN: Final = 10
_QUICK_PEOPLE: Final = 4
_QUICK_STEPS: Final = 4
_UNKNOWN_SEED: Final = 1
_SILHOUETTES: Final = "silhouettes"
_COLUMNS: Final = (
    "walks of",
    "people",
    "walks",
    "rank 1",
    "equal error rate",
    "from",
    "to",
    "untrained: rank 1",
    "EER",
)


def bench_recognition_demo(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Train the demo network on rendered walkers and judge it by walks that it has not seen.

    Parameters
    ----------
    workspace : Workspace
        Keeps the rendered walks and their landmarks.
    reporter : Reporter
    quick : bool
        Four walkers and four steps: shows that it runs, and gives no figure to quote.
    data : str or None
        Folder with ``walks/pNs1.mp4`` and ``walks/pNs3.mp4``, and with ``silhouettes/``.

    Returns
    -------
    BenchResult
        ``rank1_simulated`` (last walks of the walkers that it learned from), ``rank1_unknown`` (of walkers that it has
        never seen), ``same_body_eer``, each beside an untrained network; ``demo_training_min`` (clock) and
        ``demo_training_cpu_min``; with `data`, ``rank1_real`` and ``real_eer``.
    """
    settings = training_preset("demo")
    if quick:
        settings = settings.with_(steps=_QUICK_STEPS, steps_per_epoch=_QUICK_STEPS, people=2, walks_per_person=2)
    people, unknown = (_QUICK_PEOPLE, _QUICK_PEOPLE) if quick else (_PEOPLE, _UNKNOWN)
    sets = {
        "known walkers": demo_walks(people=people),
        "walkers never seen": demo_walks(people=unknown, seed=_UNKNOWN_SEED),
        "one body, other gaits": same_body_walks(styles=people),
    }
    sequences = {name: _rendered(walks, name, settings, workspace, reporter) for name, walks in sets.items()}
    with reporter.stage("train", "Training the demo network"):
        begun_s, cpu_s = time.perf_counter(), time.process_time()
        trained = train_demo(sets["known walkers"], sequences["known walkers"], settings, reporter=reporter)
        clock_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - cpu_s
    untrained = build_network(trained.network.settings, seed=1)
    judged = {
        name: [judge_demo(network, walks, sequences[name]) for network in (trained.network, untrained)]
        for name, walks in sets.items()
    }
    known, unseen, same_body = (pair[0] for pair in judged.values())
    figures = {
        "rank1_simulated": known.rank_1,
        "rank1_unknown": unseen.rank_1,
        "unknown_eer": unseen.equal_error.rate.mean,
        "same_body_eer": same_body.equal_error.rate.mean,
        "same_body_rank1": same_body.rank_1,
        "same_body_eer_untrained": judged["one body, other gaits"][1].equal_error.rate.mean,
        "demo_training_min": clock_s / 60,
        "demo_training_cpu_min": cpu_s / 60,
    }
    rows = [_row(name, *pair) for name, pair in judged.items()]
    tables = [Table(title="The demo network and an untrained one, by simulated walks", columns=_COLUMNS, rows=rows)]
    if data is not None:
        more, real_tables = _real(trained.network, Path(data), workspace, reporter)
        figures |= more
        tables += real_tables
    return BenchResult(
        bench="recognition_demo",
        settings={"quick": quick, "training": settings.to_dict()},
        figures=figures,
        tables=tables,
    )


def _rendered(
    walks: Sequence[DemoWalk],
    name: str,
    settings: RecognitionTrainingSettings,
    workspace: Workspace,
    reporter: Reporter,
) -> list[GaitSequence]:
    profile = profile_named(DEFAULT_PROFILE)
    return demo_sequences(
        walks,
        workspace,
        folder=name.replace(", ", "-").replace(" ", "-"),
        pose=profile.pose_settings(),
        settings=input_settings(settings.network),
        limits=profile.limits(None),
        reporter=reporter,
    )


def _row(name: str, trained: Judgement, untrained: Judgement) -> list[Any]:
    rate = trained.equal_error.rate
    other = untrained.equal_error.rate.mean
    return [
        name,
        trained.people,
        trained.walks,
        trained.rank_1,
        rate.mean,
        rate.ci_low,
        rate.ci_high,
        untrained.rank_1,
        other,
    ]


def _real(network: Any, data: Path, workspace: Workspace, reporter: Reporter) -> tuple[dict[str, float], list[Table]]:
    """Enrol the first recording of each person and look for the second; show how near silhouettes are."""
    sources = [
        WalkSource.of_video(data / "walks" / f"p{person}s{recording}.mp4", f"p{person}")
        for recording in RECORDINGS
        for person in PEOPLE
    ]
    names, distances = _distances(network, sources, workspace, reporter)
    subjects = np.array([name.split("s")[0] for name in names])
    first = np.array([Path(name).stem.endswith("s1") for name in names])
    apart = distances[np.ix_(~first, first)]
    pairs = verification_pairs(apart, subjects[~first], subjects[first])
    figures = {
        "rank1_real": rank_k(apart, subjects[~first], subjects[first], 1),
        "rank1_real_by_chance": 1 / int(first.sum()),
        "real_eer": equal_error_rate(pairs).rate.mean,
    }
    shown = [name for name, early in zip(names, first, strict=True) if early]
    probes = [name for name, early in zip(names, first, strict=True) if not early]
    tables = [_table("Real walks: distance of each second recording to the first ones", probes, shown, apart)]
    folder = data / _SILHOUETTES
    if folder.is_dir():
        names, distances = _distances(network, find_sources([str(folder)]), workspace, reporter)
        enrolled = np.array([name.startswith("gallery") for name in names])
        between = distances[np.ix_(~enrolled, enrolled)]
        rows = [name for name, one in zip(names, enrolled, strict=True) if not one]
        columns = [name for name, one in zip(names, enrolled, strict=True) if one]
        title = "Silhouettes of four people, who walks in which is not known: distances as they come out"
        tables.append(_table(title, rows, columns, between))
    return figures, tables


def _distances(
    network: Any, sources: Sequence[WalkSource], workspace: Workspace, reporter: Reporter
) -> tuple[list[str], NDArray[np.float64]]:
    """Return the names of the walks and the distances between them."""
    names, inputs = [], []
    for source, outcome in SourceReader(workspace, input_settings(network.settings), reporter).read(sources):
        if isinstance(outcome, GaitError):
            raise outcome
        names.append(Path(source.name).stem)
        inputs.append(outcome.sequence.for_network(network.settings))
    parts = np.stack([embedding.parts for embedding in Embedder(network).embed(inputs)])
    return names, part_distances(parts, parts)


def _table(title: str, rows: Sequence[str], columns: Sequence[str], distances: NDArray[np.float64]) -> Table:
    nearest = [columns[int(place)] for place in distances.argmin(axis=1)]
    return Table(
        title=title,
        columns=("walk", *columns, "nearest"),
        rows=[[row, *map(float, line), near] for row, line, near in zip(rows, distances, nearest, strict=True)],
    )
