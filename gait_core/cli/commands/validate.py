"""``validate``: agreement with a reference."""

from __future__ import annotations

import argparse
from pathlib import Path

from gait_core.cli.answers import Answer, absolute, present, run_job
from gait_core.cli.arguments import add_profile, add_scale, check_effect, scale_of
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.errors import InputError
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reference", required=True, metavar="FILE", help=".csv, or a walk with markers: .c3d, .npz")
    parser.add_argument("--video", metavar="VIDEO", help="of the same walk; a walk with markers can do without")
    parser.add_argument("--offset-s", type=float, metavar="T", help="added to the times of the reference, if known")
    add_profile(parser)
    add_scale(parser)


@command("validate", help="agreement with a reference", order=80, arguments=_arguments)
def validate(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Compare a measurement with a reference."""
    from gait_core.storage.ordinary_file import check_file
    from gait_core.walks.measurements import load_measurement
    from gait_core.workflows.validate import validate_file

    if not args.video:
        for option in ("--offset-s", "--height-m", "--distance-m", "--distance-px", "--speed-mps"):
            check_effect(getattr(args, option[2:].replace("-", "_")), option, "--video")
    (reference,) = absolute([args.reference])
    check_file(Path(reference))  # before the video is measured
    measurement = None
    if args.video:
        params = {
            "videos": present([args.video]),
            "profile": args.profile,
            "person": args.person,
            "scale": scale_of(args),
        }
        (walk,) = run_job(workspace, console, "measure", params, "Walk to be validated")["walks"]
        if "error" in walk:
            raise InputError(walk["error"]["message"], walk["error"]["remedy"])
        measurement = load_measurement(workspace, walk["measurement_id"]).measurement
    name = str(Path(args.video).expanduser().absolute()) if args.video else None
    result = validate_file(Path(reference), measurement, offset_s=args.offset_s, walk=name)
    answer = result.to_dict()
    lines = [f"{name}: {value:.4g}" for name, value in result.figures.items()]
    kept = "open  " if result.alignment.exchanged else "passed"
    lines += [f"{kept if check.passed else 'FAILED'}  {check.sentence}" for check in result.checks]
    if result.alignment.exchanged:
        lines.append("Left and right may be exchanged in the reference: until that is clear, no limit counts as kept.")
    return answer, "\n".join([*lines, *result.notes])
