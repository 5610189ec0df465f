"""``doctor``: examines the machine."""

from __future__ import annotations

import argparse
import os

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.workspace import Workspace

__all__: list[str] = []


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--deep", action="store_true", help="also ask OpenVINO which devices it can use")


@command(
    "doctor",
    help="check the machine: what is there, what is missing, and how to fix it",
    order=10,
    arguments=_arguments,
)
def doctor(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Examine the machine."""
    from gait_core.config import DEFAULT_PROFILE, PROFILES
    from gait_core.pose.devices.choice import known_choice
    from gait_core.pose.devices.results import trials_path
    from gait_core.pose.models.assets import model_checks
    from gait_core.runtime.devices import VARIABLE, choose_device, find_devices
    from gait_core.runtime.doctor import examine

    checks = [*examine(workspace), *model_checks()]
    devices = find_devices(deep=args.deep)
    pose = known_choice(PROFILES[DEFAULT_PROFILE].pose_settings(), devices)
    chosen = {"pose": (pose.place.name, pose.why)}
    for use in ("training", "recognition"):
        choice = choose_device(use, devices, preference=os.environ.get(VARIABLE))
        chosen[use] = (choice.device.name, choice.reason)
    bad = [check for check in checks if not check.ok]
    lines = [f"{'ok     ' if c.ok else 'MISSING'}  {c.name}: {c.found}" for c in checks if not args.quiet or not c.ok]
    lines += [f"\n{c.name}: expected {c.expected}, but found {c.found}.\n  What to do: {c.remedy}" for c in bad]
    lines += [f"device   {device.name}: {device.reason}" for device in devices if not args.quiet]
    lines += [f"{use} runs on {name}. {why}" for use, (name, why) in chosen.items() if not args.quiet]
    if pose.trials and not args.quiet:
        lines += [f"tried    {trial.tried}: {trial.reason}" for trial in pose.trials if trial.reason not in pose.why]
        lines.append(f"To have devices tried again, delete {trials_path()}.")
    result = {
        "ok": not bad,
        "checks": [check.to_dict() for check in checks],
        "devices": [device.to_dict() for device in devices],
        "chosen": {use: {"device": name, "why": why} for use, (name, why) in chosen.items()},
        "pose_trials": [trial.to_dict() for trial in pose.trials],
        "exit_code": 1 if bad else 0,
    }
    if args.quiet:
        # Before the first fetch the models are missing, as expected.
        serious = [check for check in bad if not check.name.startswith("pose model")]
        result["exit_code"] = 1 if serious else 0
        lines = [line for line in lines if serious]
    return result, "\n".join(lines)
