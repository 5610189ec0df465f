"""``validate``: agreement with a reference."""

from __future__ import annotations

import argparse
from pathlib import Path

from gait_core.cli.answers import Answer, present, run_job
from gait_core.cli.arguments import add_profile, add_scale, scale_of
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.errors import InputError
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reference", required=True, metavar="FILE", help=".csv, .c3d or motion capture as .npz")
    parser.add_argument("--video", metavar="VIDEO", help="of the same walk; motion capture does without")
    parser.add_argument("--offset-s", type=float, metavar="T", help="added to the times of the reference, if known")
    add_profile(parser)
    add_scale(parser)


@command("validate", help="agreement with a reference", order=80, arguments=_arguments)
def validate(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Hold a measurement against a reference."""
    from gait_core.walks.measurements import load_measurement
    from gait_core.workflows.validate import validate_file

    (reference,) = present([args.reference])
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
    result = validate_file(Path(reference), measurement, offset_s=args.offset_s)
    answer = result.to_dict()
    lines = [f"{name}: {value:.4g}" for name, value in result.figures.items()]
    lines += [f"{'passed' if check.passed else 'FAILED'}  {check.sentence}" for check in result.checks]
    return answer, "\n".join([*lines, *result.notes])
