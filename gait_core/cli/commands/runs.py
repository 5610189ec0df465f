"""``runs compare``: two training runs against each other."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("runs", help="training runs", order=85)


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="RUN", help="a training run")
    parser.add_argument("second", metavar="RUN", help="another one; differences are first minus second")


@command("runs compare", help="figures, a corrected test, settings that differ", order=10, arguments=_compare_arguments)
def runs_compare(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Compare two training runs."""
    from gait_core.learn.runs import load_run
    from gait_core.workflows.compare_runs import compare_runs

    found = compare_runs(load_run(workspace, args.first), load_run(workspace, args.second))
    return {**found, "exit_code": 0 if found["comparable"] else 1}, "\n".join(_lines(found))


def _lines(found: Mapping[str, Any]) -> list[str]:
    lines = [f"{letter}: {_run_text(found[name])}" for letter, name in (("A", "first"), ("B", "second"))]
    for name, one in found["metrics"].items():
        lines.append(f"  {name.replace('_', ' ')}: A {_interval(one['first'])}, B {_interval(one['second'])}")
        if one["difference"] is not None:
            lines.append(f"    A − B {_interval(one['difference'], '+')}, {_test_text(one)}")
        elif found["comparable"]:
            lines.append(f"    ! {one['problem']['message']}")
    if found["comparable"]:
        lines.append(
            "  A and B are judged over all their subjects. A − B is the mean over the folds that both have, with"
        )
        lines.append("  the corrected resampled t-test; p is not corrected for the number of figures.")
    else:
        lines.append(f"✗ Not comparable. {found['problem']['message']} {found['problem']['remedy']}".rstrip())
    lines += [f"  ! {note}" for note in found["notes"]]
    lines.append("Settings that differ:" if found["settings"] else "All settings are the same.")
    lines += [f"  {name}: A {_value(own[0])}, B {_value(own[1])}" for name, own in found["settings"].items()]
    return lines


def _run_text(one: Mapping[str, Any]) -> str:
    return f"{one['title']} on {one['dataset']}, run {one['run']}, {one['state']}, {one['folds']} folds"


def _interval(own: Mapping[str, float | None] | None, sign: str = "") -> str:
    if own is None or own["mean"] is None:
        return "–"
    around = "" if own["ci_low"] is None else f" ({own['ci_low']:{sign}.3f} to {own['ci_high']:{sign}.3f})"
    return f"{own['mean']:{sign}.3f}{around}"


def _test_text(one: Mapping[str, Any]) -> str:
    t = "unlimited" if one["t"] is None else f"{one['t']:.2f}"
    p = "p < 0.001" if one["p"] < 0.001 else f"p = {one['p']:.3f}"
    return f"t = {t}, {p}, {one['folds']} folds"


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
