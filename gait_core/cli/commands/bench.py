"""``bench``: measures what the documentation quotes."""

from __future__ import annotations

import argparse
from pathlib import Path

from gait_core.cli.answers import Answer, run_job
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    names = "pipeline, extraction, decode, training, profiles, memory, cache, detection, accuracy, measuring …"
    parser.add_argument("name", metavar="NAME", help=names)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter: for a first look, not for quoting")
    parser.add_argument("--data", metavar="DIR", help="folder with real walks, where there is one")


@command("bench", help="measure what docs/benchmarks.md quotes", order=100, arguments=_arguments)
def bench(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Measure what docs/benchmarks.md quotes."""
    from gait_core.bench.common import as_text
    from gait_core.bench.registry import bench_named

    bench_named(args.name)  # a misspelt name is no job
    data = str(Path(args.data).expanduser().absolute()) if args.data is not None else None
    params = {"name": args.name, "quick": args.quick, "data": data}
    result = run_job(workspace, console, "bench", params, f"Benchmark {args.name}")
    return result, as_text(result)
