"""``demo``: the main job on simulated walks."""

from __future__ import annotations

import argparse

from gait_core.cli.answers import Answer, run_job, walk_line
from gait_core.cli.console import Console
from gait_core.cli.registry import command
from gait_core.workspace import Workspace

__all__: list[str] = []


@command("demo", help="five simulated walks, a baseline, one normal and one impaired walk scored", order=130)
def demo(_: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Do the main job on simulated walks."""
    walks = run_job(workspace, console, "demo_walks", {"count": 5}, "Five demo walks")
    baseline = run_job(
        workspace, console, "baseline", {"videos": walks["videos"], "subject": "demo"}, "Baseline of the demo walker"
    )
    later = [walk["path"] for walk in walks["later"]]
    analysed = run_job(
        workspace,
        console,
        "analyse",
        {"videos": later, "baseline_id": baseline["baseline_id"]},
        "Two later demo walks",
    )
    lines = [f"Baseline {baseline['baseline_id']}: watch from {baseline['thresholds']['watch']:.2f}"]
    for expected, walk in zip(walks["later"], analysed["walks"], strict=True):
        lines.append(f"{expected['label']}: {walk_line(walk)}")
    expected_levels = {"normal": ("normal",), "impaired": ("watch", "alert")}
    met = all(
        walk.get("level") in expected_levels[expected["label"]]
        for expected, walk in zip(walks["later"], analysed["walks"], strict=True)
    )
    if not met:
        lines.append(
            "The demo did not give the expected levels: normal for the first walk, watch or alert for the second."
        )
    lines.append("Decision support, not a medical device.")
    result = {"baseline": baseline, "analysis": analysed, "as_expected": met, "exit_code": 0 if met else 1}
    return result, "\n".join(lines)
