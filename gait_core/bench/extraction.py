"""How fast landmarks come out, against a plain MediaPipe loop and against what the machine could do at best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from gait_core.bench.clips import walk_video
from gait_core.bench.common import BenchResult, Table
from gait_core.bench.extraction_parity import parity_figures, parity_table
from gait_core.bench.extraction_runs import (
    decode_only,
    infer_only,
    load_tracks,
    our_extraction,
    plain_loop,
    shaken_loop,
)
from gait_core.bench.processes import call, into_page_cache, median_of, one_core
from gait_core.config import PoseSettings, profile_named
from gait_core.errors import InputError
from gait_core.pose.engines import resolved
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["bench_extraction", "clips_for"]

_REAL: Final = tuple(f"walks/p{person}s{recording}.mp4" for person in (1, 3, 6, 9, 14) for recording in (1, 3))
_PROFILES: Final = ("fast", "balanced", "accurate")
Run = dict[str, Any]


def bench_extraction(
    workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
) -> BenchResult:
    """Time extraction with the full model in f32, its parts alone, and the profiles; compare the landmarks.

    Parameters
    ----------
    workspace : Workspace
        Keeps the rendered clips.
    reporter : Reporter
    quick : bool
        Two short clips and one repeat instead of five or ten and three.
    data : str, optional
        Folder with real walks; default: simulated ones.

    Returns
    -------
    BenchResult
        ``speedup`` and ``speedup_per_core`` over a plain loop of OpenCV and MediaPipe, ``limit_ratio``,
        ``frames_per_s`` and other speeds, as the settings explain; agreement with MediaPipe as of `parity_figures`, and
        the same as ``parity_floor_…`` of MediaPipe with itself and, where it was measured, as ``parity_bf16_…`` in
        bfloat16.
    """
    with reporter.stage("render", "Getting the clips"):
        clips = clips_for(workspace, reporter, quick=quick, data=data)
        into_page_cache(clips)
    settings = profile_named("balanced").pose_settings().with_(precision="f32")
    repeats = 1 if quick else 3
    with TemporaryDirectory() as folder:
        runs = _run_all([str(clip) for clip in clips], settings, Path(folder), repeats, reporter)
        call(
            shaken_loop,
            {"paths": [str(clip) for clip in clips], "settings": settings.to_dict(), "keep": folder},
            reporter,
        )
        tracks = {name: load_tracks(Path(folder) / name) for name in ("mediapipe", "ours", "ours_bf16")}
        floor = parity_figures(tracks["mediapipe"], load_tracks(Path(folder)))
    figures = _speed_figures(runs) | parity_figures(tracks["mediapipe"], tracks["ours"])
    figures |= {name.replace("parity", "parity_floor", 1): value for name, value in floor.items()}
    seconds = list(zip(runs["plain, one core"][0]["clip_s"], runs["ours, one core"][0]["clip_s"], strict=True))
    names = [clip.name for clip in clips]
    tables = [
        _speed_table(runs),
        parity_table(
            "Our landmarks against MediaPipe's, f32; % of body height; seconds on one core",
            names,
            tracks["mediapipe"],
            tracks["ours"],
            seconds,
        ),
    ]
    if tracks["ours_bf16"]:
        bf16 = parity_figures(tracks["mediapipe"], tracks["ours_bf16"])
        figures |= {name.replace("parity", "parity_bf16", 1): value for name, value in bf16.items()}
    return BenchResult(
        bench="extraction",
        settings={
            "clips": names,
            "pose": resolved(settings).to_dict(),
            "repeats": repeats,
            "profiles": {name: resolved(profile_named(name).pose_settings()).to_dict() for name in _PROFILES},
            "speedup": "frames/s of the source, all CPUs, over those of a plain loop; medians",
            "speedup_per_core": "frames per second of CPU time, both limited to one CPU",
            "profiles_by": "frames of the source video per second, whether analysed or left out",
            "parity": "decoding display, which copies MediaPipe's; the speeds are those of the decoding in `pose`",
            "not_counted": "importing libraries, loading and compiling models for the first time (startup_s)",
            "parity_floor": "MediaPipe against itself, every pixel changed by at most one grey level",
            "limit_ratio": "CPU time of ours on one core over that of decoding and of the landmark model alone",
        },
        figures=figures,
        tables=tables,
    )


def clips_for(workspace: Workspace, reporter: Reporter, *, quick: bool, data: str | None) -> list[Path]:
    """Choose the clips: real walks from the folder of the user, or simulated ones.

    Parameters
    ----------
    workspace : Workspace
        Keeps the simulated walks.
    reporter : Reporter
    quick : bool
        Two clips; simulated ones last 3 s instead of 10 s.
    data : str or None
        Folder with ``walks/``; None: simulated walks.

    Returns
    -------
    list of Path
        Ten real walks, two of each of five people, or five simulated ones; two when `quick`.

    Raises
    ------
    InputError
        When the folder lacks them.
    """
    if data is None:
        seconds = 3.0 if quick else 10.0
        numbers = range(2 if quick else 5)
        return [walk_video(workspace, reporter, number=n, height_px=540, seconds=seconds) for n in numbers]
    clips = [Path(data).expanduser().absolute() / name for name in _REAL]
    if missing := [clip for clip in clips if not clip.is_file()]:
        raise InputError(
            f"Expected real walks in {data}, but {missing[0].name} is missing.",
            "Leave out --data to use simulated ones.",
        )
    return clips[:2] if quick else clips


def _run_all(
    clips: Sequence[str], settings: PoseSettings, folder: Path, repeats: int, reporter: Reporter
) -> dict[str, list[Run]]:
    """Run everything `repeats` times, in turn, so that what else the machine does falls on all alike."""
    pose, cores = settings.to_dict(), one_core()
    frames = 0
    runs: dict[str, list[Run]] = {}
    display, best = settings.with_(decoding="display"), resolved(settings.with_(precision="auto"))
    for name in ("mediapipe", "ours", "ours_bf16"):
        (folder / name).mkdir()

    def add(name: str, function: Callable[..., Any], cores: int | None = None, **arguments: Any) -> Run:
        reporter.note("extraction", name)
        answer, _ = call(function, arguments, reporter, cores=cores)
        runs.setdefault(name, []).append(answer)
        return dict(answer)

    for repeat in range(repeats):
        with reporter.stage("extraction", f"Round {repeat + 1} of {repeats}"):
            keep: Mapping[str, str | None] = {
                name: str(folder / name) if repeat == 0 else None for name in ("mediapipe", "ours", "ours_bf16")
            }
            add("plain", plain_loop, paths=clips, settings=pose, keep=keep["mediapipe"])
            frames = add("ours", our_extraction, paths=clips, settings=pose)["analysed"]
            # Parity is required of the decoding that copies MediaPipe's, not of the one that measures better.
            add("ours, display", our_extraction, paths=clips, settings=display.to_dict(), keep=keep["ours"])
            add("plain, one core", plain_loop, cores, paths=clips, settings=pose)
            add("ours, one core", our_extraction, cores, paths=clips, settings=pose, workers=1)
            add("decoding alone, one core", decode_only, cores, paths=clips)
            if resolved(settings).engine == "openvino":
                add("landmark model alone, one core", infer_only, cores, settings=pose, frames=frames)
            for name in _PROFILES:
                profile = profile_named(name).pose_settings().to_dict()
                add(f"profile {name}", our_extraction, paths=clips, settings=profile)
            if best.precision == "bf16":
                as_shown = best.with_(decoding="display").to_dict()
                add("ours, bf16", our_extraction, paths=clips, settings=as_shown, keep=keep["ours_bf16"])
    return runs


def _rate(runs: Mapping[str, list[Run]], name: str) -> float:
    return median_of([run["frames"] / run["wall_s"] for run in runs.get(name, [])])


def _cpu_s(runs: Mapping[str, list[Run]], name: str) -> float:
    return median_of([run["cpu_s"] for run in runs.get(name, [])])


def _speed_figures(runs: Mapping[str, list[Run]]) -> dict[str, float]:
    alone_s = _cpu_s(runs, "decoding alone, one core") + _cpu_s(runs, "landmark model alone, one core")
    return {
        "speedup": _rate(runs, "ours") / _rate(runs, "plain"),
        "speedup_per_core": _cpu_s(runs, "plain, one core") / _cpu_s(runs, "ours, one core"),
        "speedup_one_core": _rate(runs, "ours, one core") / _rate(runs, "plain, one core"),
        "fast_vs_balanced": _rate(runs, "profile fast") / _rate(runs, "profile balanced"),
        "accurate_vs_balanced": _rate(runs, "profile accurate") / _rate(runs, "profile balanced"),
        "limit_ratio": _cpu_s(runs, "ours, one core") / alone_s,
        "plain_startup_s": median_of([run["startup_s"] for run in runs["plain"]]),
        "startup_s": median_of([run["startup_s"] for run in runs["ours"]]),
        "plain_frames_per_s": _rate(runs, "plain"),
        "frames_per_s": _rate(runs, "ours"),
        "display_frames_per_s": _rate(runs, "ours, display"),
    }


def _speed_table(runs: Mapping[str, list[Run]]) -> Table:
    rows = []
    for name, found in runs.items():
        first = found[0]
        rows.append(
            [
                name,
                (first.get("engine") or ["–"])[0],
                first["frames"],
                first.get("analysed"),
                median_of([run["wall_s"] for run in found]),
                _rate(runs, name),
                1000 * _cpu_s(runs, name) / first["frames"],
            ]
        )
    columns = ["run", "engine", "frames", "analysed", "s", "frames of the source/s", "CPU, ms per frame"]
    return Table(title="Extraction of all clips, medians", columns=columns, rows=rows)
