"""Memory and decoding of videos on their way to a classifier: neither grows with what is done later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.clips import walk_video
from gait_core.bench.common import BenchResult, Table
from gait_core.bench.processes import Finished, call
from gait_core.progress import Reporter, silent
from gait_core.video.container import DECODES
from gait_core.workspace import Workspace

__all__ = ["bench_classifier_memory", "count_decodes", "read_features", "repeat_clip"]

_FEW: Final = 20
"""More than a dataset of videos holds in memory at a time."""
_MANY: Final = 1_000
_QUICK_MANY: Final = 60
_SECONDS: Final = 4.0
_HEIGHT_PX: Final = 270
_CLASSES: Final = ("normal", "stroke")
_DATA: Final = {"profile": "fast"}
_MIB: Final = 1024**2


def bench_classifier_memory(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Compare the peak memory of feature extraction for many clips with that for few, and count decodings.

    For the memory all clips are one short walk; a few bytes at the end, which players skip, make each another file. For
    the decodings they are different walks: the check refuses to learn from copies.

    Parameters
    ----------
    workspace : Workspace
        Keeps the rendered walk; features go to an empty workspace.
    reporter : Reporter
    quick : bool
        60 clips against 20 instead of 1,000.
    data : str, optional
        Not used.

    Returns
    -------
    BenchResult
        ``chunk_memory_ratio``, peak for many clips over that for few, ``chunk_private_memory_ratio``, the same without
        mapped files (NaN where the system does not tell them apart), and ``decodes_per_video``, the most that one video
        was decoded.
    """
    del data
    few, many = _FEW, _QUICK_MANY if quick else _MANY
    with reporter.stage("render", "Getting the short walk"):
        clip = walk_video(workspace, reporter, number=0, height_px=_HEIGHT_PX, seconds=_SECONDS)
    rows: list[list[Any]] = []
    peaks: dict[int, Finished] = {}
    with TemporaryDirectory() as name:
        place = Path(name)
        for count in (few, many):
            folder = place / f"clips-{count}"
            repeat_clip(clip, folder, count)
            with reporter.stage("memory", f"Extracting features of {count} clips"):
                arguments = {"folder": str(folder), "space": str(place / f"space-{count}")}
                answer, peaks[count] = call(read_features, arguments, reporter)
            rows.append([count, answer["rows"], peaks[count].peak_bytes / _MIB, _private(peaks[count])])
        with reporter.stage("decode", "Counting decodings from the check to the evaluation"):
            folder = place / "clips-decoded"
            _different_walks(workspace, folder, reporter)
            counts, _ = call(count_decodes, {"folder": str(folder), "space": str(place / "space-decoded")}, reporter)
    return BenchResult(
        bench="classifier_memory",
        settings={
            "clips": [few, many],
            "clip_s": _SECONDS,
            **_DATA,
            "decodes_per_video": "the most that one video was decoded over dataset check, features, training and "
            "evaluation in an empty workspace",
            "quick": quick,
        },
        figures={
            "chunk_memory_ratio": peaks[many].peak_bytes / peaks[few].peak_bytes,
            "chunk_private_memory_ratio": _ratio(peaks[many].private_bytes, peaks[few].private_bytes),
            "decodes_per_video": float(max(counts.values())),
        },
        tables=[
            Table(
                title="Peak memory of feature extraction, whole process",
                columns=["clips", "windows", "peak, MiB", "of its own, MiB"],
                rows=rows,
            ),
            Table(title="Decodings", columns=["video", "times"], rows=[[*item] for item in sorted(counts.items())]),
        ],
    )


def repeat_clip(clip: Path, folder: Path, count: int) -> None:
    """Write copies of a clip that differ in their bytes, in a folder for each of two classes.

    Parameters
    ----------
    clip : Path
        MP4 file.
    folder : Path
        Gets the folders of the classes; made when it is missing.
    count : int
        Copies in all, dealt to the classes in turn.
    """
    content = clip.read_bytes()
    for number in range(count):
        label = _CLASSES[number % len(_CLASSES)]
        text = f"{number:06d}".encode()
        path = folder / label / f"{label}{number:04d}_walk.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        # An MP4 box of the type "free" at the end of the file.
        path.write_bytes(content + (8 + len(text)).to_bytes(4, "big") + b"free" + text)


def _different_walks(workspace: Workspace, folder: Path, reporter: Reporter) -> None:
    """Put two normal and two impaired walks into a folder for each class."""
    for number in range(2 * len(_CLASSES)):
        label = _CLASSES[number % len(_CLASSES)]
        impairment, severity = (None, 0.0) if label == _CLASSES[0] else ("circumduction", 1.0)
        clip = walk_video(
            workspace,
            reporter,
            number=number,
            height_px=_HEIGHT_PX,
            seconds=_SECONDS,
            impairment=impairment,
            severity=severity,
        )
        path = folder / label / f"{label}{number}_walk.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clip.read_bytes())


def read_features(folder: str, space: str) -> dict[str, Any]:
    """Turn the videos of a dataset into windows of features.

    Returns
    -------
    dict
        ``rows``, the number of windows.
    """
    from gait_core.learn.datasets.recognise import open_dataset
    from gait_core.learn.datasets.settings import DatasetSettings

    dataset = open_dataset(Path(folder), DatasetSettings.from_dict(_DATA))
    return {"rows": len(dataset.samples(None, Workspace(space), silent()))}


def count_decodes(folder: str, space: str) -> dict[str, int]:
    """Check, read, train and evaluate on a dataset of videos, and count how often each is decoded.

    Returns
    -------
    dict of str to int
        File name → decodings.
    """
    from gait_core.workflows.dataset import CheckRequest, checked_dataset
    from gait_core.workflows.evaluate import EvaluateRequest, evaluate_model
    from gait_core.workflows.train import TrainRequest, train_classifier

    workspace, reporter = Workspace(space), silent()
    DECODES.clear()
    checked_dataset(CheckRequest(path=folder, folds=2, settings=_DATA), workspace, reporter)
    read_features(folder, space)
    run = train_classifier(TrainRequest(dataset=folder, model="svm", data=_DATA, folds=2), workspace, reporter)
    evaluate_model(EvaluateRequest(model=run["run"], dataset=folder, data=_DATA), workspace, reporter)
    counts: Mapping[str, int] = DECODES.counts
    return {path.name: counts.get(str(path), 0) for path in sorted(Path(folder).absolute().rglob("*.mp4"))}


def _private(finished: Finished) -> float | None:
    return None if finished.private_bytes is None else finished.private_bytes / _MIB


def _ratio(many: int | None, few: int | None) -> float:
    return many / few if many and few else float("nan")
