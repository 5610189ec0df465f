"""``extract``: a few videos with a moving count of frames, or whole folders that go on where they stopped."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from gait_core.cli.answers import Answer, videos_of
from gait_core.cli.console import Console, duration_text
from gait_core.config import Limits, PoseSettings, profile_named
from gait_core.errors import GaitError, InputError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace, safe_name

__all__ = ["extract"]

_FEW: Final = 24
"""Up to so many videos are held in memory whole and counted in frames; beyond it only facts are kept."""


def extract(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Find the landmarks in videos."""
    profile = profile_named(args.profile, workspace.profiles)
    settings = profile.pose_settings().with_(engine=args.engine or profile.engine, person=args.person)
    paths = [Path(path) for path in videos_of(args.videos, deep=True)]
    if args.cluster and args.no_cache:
        raise InputError(
            "Expected --cluster or --no-cache, but got both.",
            "The machines of a cluster hand over the landmarks through the cache: leave --no-cache away.",
        )
    reporter = Reporter(sink=console.sink)
    entries = _Entries(paths, args, workspace)
    limits = profile.limits(args.workers)
    with reporter.stage("extract", f"Finding the landmarks in {len(paths)} videos"):
        if args.cluster:
            from gait_core.pose.on_cluster import extract_on_cluster

            extract_on_cluster(
                args.cluster, paths, settings, workspace=workspace, reporter=reporter, on_result=entries.take
            )
        elif len(paths) > _FEW and not args.no_cache:
            _extract_folder(paths, settings, workspace, reporter, limits, entries.take)
        else:
            _extract_few(paths, settings, workspace, reporter, limits, entries.take, use_cache=not args.no_cache)
    return entries.answer(reporter)


def _extract_folder(
    paths: list[Path],
    settings: PoseSettings,
    workspace: Workspace,
    reporter: Reporter,
    limits: Limits,
    take: Callable[[int, Any], None],
) -> None:
    from gait_core.pose.extract import default_workers
    from gait_core.pose.remote import extract_on
    from gait_core.runtime.executors import local_threads

    at_once = limits.workers or default_workers()
    with local_threads(at_once) as pool:
        extract_on(
            pool, paths, settings, workspace=workspace, reporter=reporter, videos_at_once=at_once, on_result=take
        )


def _extract_few(
    paths: list[Path],
    settings: PoseSettings,
    workspace: Workspace,
    reporter: Reporter,
    limits: Limits,
    take: Callable[[int, Any], None],
    *,
    use_cache: bool,
) -> None:
    from gait_core.pose.extract import extract_many

    for first in range(0, len(paths), _FEW):
        part = paths[first : first + _FEW]
        extract_many(
            part,
            settings,
            workspace=workspace,
            reporter=reporter,
            limits=limits,
            use_cache=use_cache,
            on_result=partial(_take_from, take, first),
        )


def _take_from(take: Callable[[int, Any], None], first: int, number: int, outcome: Any) -> None:
    """Hand on one outcome of a part that begins at `first`."""
    take(first + number, outcome)


class _Entries:
    """What is told of every video: kept as small facts, streamed where asked for."""

    def __init__(self, paths: list[Path], args: argparse.Namespace, workspace: Workspace) -> None:
        from gait_core.pose.failures import FailureLog

        self._paths, self._args, self._workspace = paths, args, workspace
        self._failures = FailureLog(workspace)
        self._entries: dict[int, dict[str, Any]] = {}

    def take(self, number: int, outcome: Any) -> None:
        """Take what `extract_many` or `extract_on` gave for one video."""
        path = self._paths[number]
        entry: dict[str, Any] = {"path": str(path)}
        before = self._failures.last(path)
        if before is not None:
            entry["failed_before"] = before
        failed = isinstance(outcome, GaitError)
        if failed or before is not None:
            self._failures.note(path, outcome if failed else None)
        if failed:
            entry["error"] = outcome.to_dict()
        else:
            entry |= self._facts(path, outcome)
        self._entries[number] = entry
        if self._args.json_lines:
            sys.stdout.write(json.dumps(entry, ensure_ascii=True, allow_nan=False) + "\n")
            sys.stdout.flush()

    def _facts(self, path: Path, outcome: Any) -> dict[str, Any]:
        track = getattr(outcome, "track", None)
        known = {
            "frames": outcome.frames if track is None else len(track),
            "detection_rate": (outcome if track is None else track).detection_rate,
            "frame_rate_hz": (outcome if track is None else track).frame_rate_hz,
            "cached": outcome.cached,
            "warnings": [w if isinstance(w, dict) else w.to_dict() for w in outcome.warnings],
        }
        if track is None:
            known["worker"] = outcome.worker
        if self._args.export:
            from gait_core.report.exports.keypoints import export_track

            stem = f"{safe_name(path.stem)}-{outcome.address[:8]}"
            written = export_track(
                track or self._stored(outcome.address), Path(self._args.export), stem, name=path.name
            )
            known |= {name: str(file) for name, file in written.items()}
        return known

    def _stored(self, address: str) -> Any:
        from gait_core.pose.extract import load_track

        return load_track(self._workspace, address)

    def answer(self, reporter: Reporter) -> Answer:
        """Return the result and the text of the command."""
        walks = [self._entries[number] for number in range(len(self._paths))]
        failed = [walk for walk in walks if "error" in walk]
        cached = sum(bool(walk.get("cached")) for walk in walks)
        result = {"walks": walks, "timing_s": reporter.timing_s, "exit_code": 1 if failed else 0}
        summary = {"videos": len(walks), "cached": cached, "failed": len(failed), "timing_s": reporter.timing_s}
        if self._args.json_lines:
            return result, json.dumps({"summary": summary}, ensure_ascii=True)
        shown = walks if len(walks) <= _FEW else failed
        lines = [_line(walk) for walk in shown]
        if len(walks) > _FEW:
            computed = len(walks) - cached - len(failed)
            lines.append(
                f"{len(walks)} videos: {computed} computed, {cached} from the cache, {len(failed)} failed; "
                f"{duration_text(reporter.timing_s.get('extract', 0.0))}"
            )
        return result, "\n".join(lines)


def _line(walk: dict[str, Any]) -> str:
    before = " (as before)" if "failed_before" in walk and "error" in walk else ""
    if "error" in walk:
        return f"{walk['path']}{before}: {walk['error']['message']} {walk['error']['remedy']}"
    source = "from the cache" if walk["cached"] else "computed"
    return f"{walk['path']}: {walk['frames']} frames, a person in {100 * walk['detection_rate']:.0f} %, {source}"
