"""``train``: trains and evaluates a gait classifier."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, absolute, run_job
from gait_core.cli.console import Console, duration_text
from gait_core.cli.registry import command
from gait_core.errors import InputError
from gait_core.workspace import Workspace

__all__ = ["metric_lines", "pairs_of"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    # Options that are not given stay None: the settings file decides then, or else the defaults of `TrainRequest`.
    parser.add_argument("dataset", nargs="?", metavar="DATASET", help="folder of videos or table; see `dataset check`")
    parser.add_argument("--model", metavar="NAME", help="the classifier: svm, tcn, …")
    parser.add_argument("--folds", type=int, metavar="N", help="parts of the subjects, each tested once; default: 5")
    parser.add_argument("--seeds", type=int, metavar="N", help="repetitions with other folds; default: 1")
    parser.add_argument(
        "--inner-folds",
        type=int,
        metavar="N",
        help="one of N parts of the training subjects decides when to stop, threshold and calibration; default: 5",
    )
    parser.add_argument("--first-seed", type=int, metavar="N", help="seed of the first repetition; default: 0")
    parser.add_argument("--permuted", action="store_true", default=None, help="control: exchange labels at random")
    parser.add_argument("--threshold", metavar="HOW", help="half, or inner: set on the inner split")
    parser.add_argument("--calibrate", action="store_true", default=None, help="set a temperature on the inner split")
    parser.add_argument("--no-final", action="store_true", default=None, help="cross-validate only")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the classifier: --set epochs=50"
    )
    parser.add_argument(
        "--data", action="append", default=[], metavar="KEY=VALUE", help="how the data are read: --data rows=curves"
    )
    parser.add_argument(
        "--tensorboard", action="store_true", default=None, help="write what TensorBoard shows into the run's folder"
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="a settings file in JSON; options given beside it win, each --set and --data by itself",
    )
    parser.add_argument("--resume", metavar="RUN", help="continue an interrupted run")


@command("train", help="train and evaluate a gait classifier", order=84, arguments=_arguments)
def train(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Train and evaluate a classifier."""
    from gait_core.learn.runs import new_run_id
    from gait_core.workflows.train_request import TrainRequest, merged, read_config, resumed_request

    values = merged(read_config(Path(args.config)) if args.config else {}, _given(args))
    if isinstance(values.get("dataset"), str) and values["dataset"]:
        values["dataset"] = absolute([values["dataset"]])[0]
    if args.resume:
        request = resumed_request(workspace, args.resume, values)
    else:
        for name in ("dataset", "model"):
            if not values.get(name):
                raise InputError(f"Expected a {name} to train, but got none.", "Run `train DATASET --model NAME`.")
        request = TrainRequest.from_dict(values)
        request = request.with_(run=request.run or new_run_id(request.model))
    title = f"{request.classifier.title} on {Path(request.dataset).name}"
    result = run_job(workspace, console, "train", request.to_dict(), title)
    return result, "\n".join(_lines(result))


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of a `TrainRequest` that the command line gives."""
    names = ("dataset", "model", "folds", "seeds", "first_seed", "inner_folds", "permuted", "threshold", "calibrate")
    found = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if args.no_final:
        found["final"] = False
    for name, pairs in (("settings", args.set), ("data", args.data)):
        if pairs:
            found[name] = pairs_of(pairs, "--set" if name == "settings" else "--data")
    if args.tensorboard:
        found["settings"] = {**found.get("settings", {}), "tensorboard": True}
    return found


def pairs_of(pairs: Sequence[str], option: str) -> dict[str, Any]:
    """Read ``KEY=VALUE`` pairs from an option that may be given several times.

    Returns
    -------
    dict
        A value is read as JSON where that works and is text otherwise; of two pairs with one key the later counts.

    Raises
    ------
    InputError
        When there is no ``=``, or no key before it.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise InputError(f"Expected {option} KEY=VALUE, but got {pair!r}.", f"For example {option} epochs=50.")
        try:
            found[key.strip()] = json.loads(text)
        except ValueError:
            found[key.strip()] = text
    return found


def metric_lines(metrics: dict[str, dict[str, float | None]]) -> list[str]:
    """Put figures and their intervals into readable lines.

    Parameters
    ----------
    metrics : dict of str to dict
        Name → ``mean``, ``ci_low`` and ``ci_high``, as of `gait_core.learn.intervals.Interval.to_dict`.

    Returns
    -------
    list of str
        One per figure, with three decimals: ``not defined`` where the mean is None, no interval where that is None.
    """
    lines = []
    for name, own in metrics.items():
        if own["mean"] is None:
            lines.append(f"  {name.replace('_', ' ')}: not defined")
            continue
        interval = "" if own["ci_low"] is None else f" ({own['ci_low']:.3f} to {own['ci_high']:.3f})"
        lines.append(f"  {name.replace('_', ' ')}: {own['mean']:.3f}{interval}")
    return lines


def _lines(result: dict[str, Any]) -> list[str]:
    control = ", control with permuted labels" if result["permuted"] else ""
    lines = [
        f"{result['model']}: {len(result['folds'])} folds, {result['subjects']} subjects, by {result['unit']}{control}",
        *metric_lines(result["metrics"]),
    ]
    lines += [f"  ! {note}" for note in result["notes"]]
    took = duration_text(sum(result["timing_s"].values()))
    model = result["artefacts"]["model"]
    return [*lines, f"Run {result['run']}, {took}" + (f"; model in {model}" if model else "")]
