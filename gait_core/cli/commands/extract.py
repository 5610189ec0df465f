"""``extract``: finds the landmarks in videos."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, present, run_job
from gait_core.cli.arguments import add_cluster, add_profile, add_videos
from gait_core.cli.console import Console, duration_text
from gait_core.cli.registry import command
from gait_core.errors import Cancelled, SettingsError
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_videos(parser)
    add_profile(parser)
    parser.add_argument(
        "--engine", type=engine_name, metavar="E", help="engine that runs the pose model; default: that of the profile"
    )
    parser.add_argument("--workers", type=int, metavar="N")
    parser.add_argument("--no-cache", action="store_true", help="neither read nor write cached landmarks")
    parser.add_argument("--export", metavar="DIR", help="also write the landmarks as .keypoints.json.gz and .npz")
    parser.add_argument("--json-lines", action="store_true", help="print one JSON object per video, as they end")
    add_cluster(parser)


def engine_name(word: str) -> str:
    """Return the name of an engine; the parser reports any other word."""
    from gait_core.pose.engines import check_engine

    try:
        return check_engine(word)
    except SettingsError as error:
        raise argparse.ArgumentTypeError(f"{error.message} {error.remedy}") from None


@command("extract", help="find the landmarks in videos", order=40, arguments=_arguments)
def extract(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Find the landmarks in videos."""
    if args.json and args.json_lines:
        raise SettingsError("Expected --json or --json-lines, but got both.", "Leave one of them out.")
    params = {
        # Folders stay folders: a job over many thousand videos is described in a line.
        "videos": present(args.videos),
        "profile": args.profile,
        "engine": args.engine,
        "person": args.person,
        "workers": args.workers,
        "use_cache": not args.no_cache,
        "cluster": args.cluster,
        "export": str(Path(args.export).absolute()) if args.export else None,
    }
    named = args.videos[0] if len(args.videos) == 1 else f"{len(args.videos)} videos"
    stream = _Stream(args)
    try:
        title = f"Landmarks of {Path(named).name}"
        result = run_job(workspace, console, "extract", params, title, on_part=stream.take)
    except Cancelled:
        if stream.closed:
            raise BrokenPipeError from None
        raise
    return _answer(args, result)


class _Stream:
    """Writes the entry of each video as it comes, where that is wanted."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self.closed = False

    def take(self, walk: dict[str, Any]) -> None:
        """Write one entry; whoever read the output may have gone, which ends the job."""
        if not self._args.json_lines:
            return
        try:
            sys.stdout.write(json.dumps(_as_named(walk, self._args), ensure_ascii=True, allow_nan=False) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self.closed = True
            raise Cancelled() from None


def _as_named(walk: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Return an entry with the exported files as the user named their folder."""
    files = {key: str(Path(args.export, Path(walk[key]).name)) for key in ("export", "keypoints") if key in walk}
    return walk | files


def _answer(args: argparse.Namespace, result: dict[str, Any]) -> Answer:
    from gait_core.workflows.extract import AT_ONCE

    walks, timing_s = [_as_named(walk, args) for walk in result["walks"]], result["timing_s"]
    failed = [walk for walk in walks if "error" in walk]
    cached = sum(bool(walk.get("cached")) for walk in walks)
    answer = {"walks": walks, "timing_s": timing_s, "exit_code": 1 if failed else 0}
    if args.json_lines:
        summary = {"videos": len(walks), "cached": cached, "failed": len(failed), "timing_s": timing_s}
        return answer, json.dumps({"summary": summary}, ensure_ascii=True)
    lines = [_line(walk) for walk in (walks if len(walks) <= AT_ONCE else failed)]
    if len(walks) > AT_ONCE:
        computed = len(walks) - cached - len(failed)
        lines.append(
            f"{len(walks)} videos: {computed} computed, {cached} from the cache, {len(failed)} failed; "
            f"{duration_text(timing_s.get('extract', 0.0))}"
        )
    return answer, "\n".join(lines)


def _line(walk: dict[str, Any]) -> str:
    before = " (as before)" if "failed_before" in walk and "error" in walk else ""
    if "error" in walk:
        return f"{walk['path']}{before}: {walk['error']['message']} {walk['error']['remedy']}"
    source = "from the cache" if walk["cached"] else "computed"
    return f"{walk['path']}: {walk['frames']} frames, a person in {100 * walk['detection_rate']:.0f} %, {source}"
