"""Parses arguments, runs one command, turns errors into messages and exit codes.

Exit codes: 0 done, 1 what the user gave or the machine has is wrong, 2 usage, 3 internal error.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from gait_core import __version__
from gait_core.cli import commands, extract_command, gait_commands, profile_commands
from gait_core.cli.console import Console
from gait_core.config import DEFAULT_PROFILE, ENGINES, EVENT_METHODS, PERSONS
from gait_core.errors import Cancelled, GaitError
from gait_core.workspace import Workspace

__all__ = ["build_parser", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if not hasattr(args, "run"):
        parser.print_help(sys.stderr)
        return 2
    console = Console(quiet=args.quiet)
    try:
        workspace = Workspace(args.workspace)
        result, text = args.run(args, workspace, console)
    except Cancelled as error:
        console.say(error.message)
        return 130
    except KeyboardInterrupt:
        console.say("Stopped.")
        return 130
    except GaitError as error:
        return _fail(args, console, error.to_dict(), error.exit_code)
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001 - the last line of defence: everything else has a message of its own
        console.say(traceback.format_exc())
        detail = {"kind": type(error).__name__, "message": str(error), "remedy": "This is a defect; please report it."}
        return _fail(args, console, detail, 3)
    finally:
        console.close()
    _show(args, result, text)
    return int(result.get("exit_code", 0)) if isinstance(result, dict) else 0


def _show(args: argparse.Namespace, result: Any, text: str) -> None:
    if args.json:
        sys.stdout.write(json.dumps(result, indent=2, ensure_ascii=True, allow_nan=False) + "\n")
    elif text:
        sys.stdout.write(text.rstrip("\n") + "\n")


def _fail(args: argparse.Namespace, console: Console, error: dict[str, str], code: int) -> int:
    console.say(f"Error: {error['message']}")
    if error["remedy"]:
        console.say(f"What to do: {error['remedy']}")
    if args.json:
        sys.stdout.write(json.dumps({"error": error}, ensure_ascii=True) + "\n")
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", metavar="DIR", default=None, help="where everything is stored")
    common.add_argument("--json", action="store_true", help="print JSON to standard output")
    common.add_argument("--quiet", action="store_true", help="no progress, only errors")

    parser = argparse.ArgumentParser(
        prog="python -m gait_core",
        description="A personal baseline of gait from ordinary walking videos, and what changed since.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(json=False, quiet=False, workspace=None)
    sub = parser.add_subparsers(metavar="COMMAND")

    def add(group: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = group.add_parser(name, parents=[common], help=text, description=text)
        command.set_defaults(run=run)
        return command

    doctor = add(sub, "doctor", commands.doctor, "examine the machine: what is there, what is missing, and the remedy")
    doctor.add_argument("--deep", action="store_true", help="also ask OpenVINO which devices it can use")

    models = sub.add_parser("models", help="the pose models").add_subparsers(metavar="ACTION", required=True)
    fetch = add(models, "fetch", commands.models_fetch, "get the pose models: lite, full and heavy")
    fetch.add_argument("--from", dest="source", metavar="DIR", help="a folder that holds them, for a machine offline")
    add(models, "list", commands.models_list, "list the pose models and their state")

    simulate = add(sub, "simulate", commands.simulate, "make videos of simulated walkers, with their truth")
    simulate.add_argument("folder", metavar="DIR")
    simulate.add_argument("--walks", type=int, default=5, metavar="N")
    simulate.add_argument("--pattern", metavar="NAME", help="an impairment; default: normal gait")
    simulate.add_argument("--severity", type=float, default=0.7, help="0 to 1, with --pattern")
    simulate.add_argument("--seed", type=int, default=0)
    simulate.add_argument("--fps", type=float, default=30.0)

    extract = add(sub, "extract", extract_command.extract, "find the landmarks in videos")
    _videos(extract)
    _profile(extract)
    extract.add_argument("--engine", choices=ENGINES, help="default: that of the profile")
    extract.add_argument("--workers", type=int, metavar="N")
    extract.add_argument("--no-cache", action="store_true", help="neither read nor write cached landmarks")
    extract.add_argument("--export", metavar="DIR", help="also write the landmarks as .keypoints.json.gz and .npz")
    extract.add_argument("--json-lines", action="store_true", help="print one JSON object per video, as they end")
    _cluster(extract)

    _baseline(sub, add)

    analyse = add(sub, "analyse", commands.analyse, "compare walks with a baseline")
    _videos(analyse)
    analyse.add_argument("--baseline", required=True, metavar="ID")
    analyse.add_argument("--profile", metavar="NAME", help="default: that of the baseline")
    _person(analyse)
    _cluster(analyse, "find the landmarks, score and draw")
    analyse.add_argument("--overlay", action="store_true", help="also make the overlay videos")
    analyse.add_argument("--report", metavar="FILE", help="write a report: FILE.html or FILE.pdf")

    _measuring(sub, add)

    pretrain = add(sub, "pretrain", commands.pretrain, "train the autoencoder that every baseline starts from")
    pretrain.add_argument("--out", metavar="FILE", help="where to write it; default: the shipped file")
    pretrain.add_argument("--people", type=int, default=None, help="simulated people to train on")
    pretrain.add_argument("--cell", choices=("gru", "lstm"), default="gru")

    bench = add(sub, "bench", commands.bench, "measure what the README quotes")
    names = "pipeline, extraction, decode, training, profiles, memory, cache, detection, accuracy, measuring …"
    bench.add_argument("name", metavar="NAME", help=names)
    bench.add_argument("--quick", action="store_true", help="fewer and shorter: for a first look, not for quoting")
    bench.add_argument("--data", metavar="DIR", help="folder with real walks, where there is one")

    cache = sub.add_parser("cache", help="the cache").add_subparsers(metavar="ACTION", required=True)
    add(cache, "info", commands.cache_info, "what the cache holds and how well it serves")
    add(cache, "clear", commands.cache_clear, "delete everything that can be computed again")

    profiles = sub.add_parser("profiles", help="performance profiles").add_subparsers(metavar="ACTION", required=True)
    add(profiles, "list", profile_commands.profiles_list, "list the profiles")
    show = add(profiles, "show", profile_commands.profiles_show, "show one profile")
    show.add_argument("name", metavar="NAME")
    validate = add(profiles, "validate", profile_commands.profiles_validate, "check a file of profiles")
    validate.add_argument("file", metavar="FILE")

    add(sub, "demo", commands.demo, "five simulated walks, a baseline, one normal and one impaired walk scored")

    worker = add(sub, "worker", commands.worker, "run one job folder (the dashboard starts this)")
    worker.add_argument("folder", metavar="FOLDER", nargs="?")
    worker.add_argument("--spare", action="store_true", help="load everything, then wait for a job and run it")
    worker.add_argument("--idle-s", type=float, default=900.0, metavar="S", help="longest wait of a spare")
    return parser


def _baseline(sub: Any, add: Any) -> None:
    baseline = sub.add_parser("baseline", help="baselines").add_subparsers(metavar="ACTION", required=True)
    create = add(baseline, "create", commands.baseline_create, "make a baseline from (usually five) walks")
    _videos(create)
    create.add_argument("--subject", required=True, metavar="S", help="a pseudonym")
    create.add_argument("--speed-mps", type=float, metavar="V", help="walking speed, m/s, if known")
    create.add_argument("--height-m", type=float, metavar="H", help="height of the person, m, for step lengths")
    create.add_argument("--fps", type=float, metavar="F", help="true frame rate of slow-motion video, Hz")
    _profile(create)
    create.add_argument("--cell", choices=("gru", "lstm"), default="gru")
    create.add_argument("--from-scratch", action="store_true", help="do not start from the pre-trained model")
    create.add_argument("--workers", type=int, metavar="N")
    create.add_argument("--no-cache", action="store_true")
    _cluster(create)
    create.add_argument(
        "--disable-optimizations",
        action="store_true",
        help="for comparison: one video after another by OpenCV and MediaPipe, no cache, an LSTM from scratch",
    )
    add(baseline, "list", commands.baseline_list, "list the baselines")
    for name, run, text in (
        ("show", commands.baseline_show, "show one baseline"),
        ("delete", commands.baseline_delete, "delete a baseline and its analyses"),
    ):
        add(baseline, name, run, text).add_argument("id", metavar="ID")
    export = add(baseline, "export", commands.baseline_export, "copy a baseline's artefacts, the model as .h5 too")
    export.add_argument("id", metavar="ID")
    export.add_argument("folder", metavar="DIR")


def _measuring(sub: Any, add: Any) -> None:
    measure = add(sub, "measure", gait_commands.measure, "gait events, parameters and curves, without a baseline")
    _videos(measure)
    _profile(measure)
    _scale(measure)
    measure.add_argument("--subject", default="", metavar="S", help="a pseudonym")
    measure.add_argument("--method", choices=EVENT_METHODS, default=EVENT_METHODS[0], help="rule that finds the events")
    measure.add_argument("--events", metavar="FILE", help="changed events, as the dashboard stores them (edits.json)")
    measure.add_argument("--fps", type=float, metavar="F", help="true frame rate of slow-motion video, Hz")
    measure.add_argument("--side", choices=("left", "right"), help="side wanted where a walk shows both")
    measure.add_argument("--export", metavar="DIR", help="write files of the formats below into this folder")
    measure.add_argument("--format", default="csv", help="csv, trc, mot, c3d, json; several with commas")
    measure.add_argument("--report", metavar="FILE", help="write a report: FILE.html or FILE.pdf")
    measure.add_argument("--workers", type=int, metavar="N")
    measure.add_argument("--no-cache", action="store_true")
    _cluster(measure)

    validate = add(sub, "validate", gait_commands.validate, "agreement with a reference")
    validate.add_argument("--reference", required=True, metavar="FILE", help=".csv, .c3d or motion capture as .npz")
    validate.add_argument("--video", metavar="VIDEO", help="of the same walk; motion capture does without")
    validate.add_argument("--offset-s", type=float, metavar="T", help="added to the times of the reference, if known")
    _profile(validate)
    _scale(validate)


def _scale(command: argparse.ArgumentParser) -> None:
    command.add_argument("--height-m", type=float, metavar="H", help="height of the person, for metres")
    command.add_argument("--distance-m", type=float, metavar="D", help="a known distance on the floor, for metres")
    command.add_argument("--distance-px", type=float, metavar="PX", help="its length in the picture")
    command.add_argument("--speed-mps", type=float, metavar="V", help="walking speed, for metres")


def _videos(command: argparse.ArgumentParser) -> None:
    command.add_argument("videos", nargs="+", metavar="VIDEO", help="video, or folder of videos")


def _cluster(command: argparse.ArgumentParser, what: str = "find the landmarks") -> None:
    command.add_argument(
        "--cluster", metavar="ADDRESS", help=f"let a Dask cluster {what}, for example tcp://10.0.0.5:8786"
    )


def _profile(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--profile", metavar="NAME", default=DEFAULT_PROFILE, help="fast, balanced, accurate, or one of your own"
    )
    _person(command)


def _person(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--person", choices=PERSONS, default=PERSONS[0], help="whom to follow where several are in view"
    )
