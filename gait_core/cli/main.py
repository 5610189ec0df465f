"""Parses arguments, runs one command, turns errors into messages and exit codes.

Exit codes: 0 done, 1 what the user gave or the machine has is wrong, 2 usage, 3 internal error, 130 cancelled.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from gait_core import __version__
from gait_core.cli.console import Console, shown
from gait_core.cli.registry import registered_commands
from gait_core.errors import Cancelled, GaitError, SettingsError
from gait_core.workspace import Workspace

__all__ = ["CONSOLE_COMMAND", "build_parser", "main"]

CONSOLE_COMMAND: Final = "gait-studio"
"""Name of the command that installing the package provides."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those that the process was started with.

    Returns
    -------
    int
        Exit code. 0: done; 1: something that the user gave or the machine has is wrong, or the command found something
        wrong; 2: no command was given; 3: internal error; 130: the user stopped it.

    Raises
    ------
    SystemExit
        From `argparse`: with code 2 when the arguments are wrong, with 0 after ``--help`` and ``--version``.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = build_parser()
    try:
        args = parser.parse_args(given)
    except _UsageError as error:
        # As argparse does, but for the JSON: whoever asked for it finds it there whatever is wrong.
        sys.stderr.write(f"{error.usage}{error.program}: error: {error}\n")
        if "--json" in given:
            remedy = f"Run {error.program} --help."
            _write(_answer({"kind": "UsageError", "message": str(error), "remedy": remedy}))
        raise SystemExit(2) from None
    if not hasattr(args, "run"):
        parser.print_help(sys.stderr)
        return 2
    _show_any_name()
    console = Console(quiet=args.quiet)
    try:
        _check_numbers(args)
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
    except ModuleNotFoundError as error:
        message = f"Expected the package {error.name}, but the Python at {sys.executable} does not have it."
        remedy = "Run `make env` and use .venv/bin/python, or install what requirements.txt names."
        return _fail(args, console, {"kind": "LibraryError", "message": message, "remedy": remedy}, 1)
    except Exception as error:  # noqa: BLE001 - the last line of defence: everything else has a message of its own
        console.say(traceback.format_exc())
        detail = {"kind": type(error).__name__, "message": str(error), "remedy": "This is a defect; please report it."}
        return _fail(args, console, detail, 3)
    finally:
        console.close()
    try:
        _show(args, result, text)
    except BrokenPipeError:
        return 1
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        console.say(f"Error: The answer could not be written to standard output ({why}); what was made is stored.")
        return 1
    return int(result.get("exit_code", 0)) if isinstance(result, dict) else 0


def _show_any_name() -> None:
    """Let a name that the output cannot show come out with replacement characters, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _check_numbers(args: argparse.Namespace) -> None:
    """Refuse NaN and infinity, which Python reads as numbers, in whatever option."""
    for name, value in vars(args).items():
        if isinstance(value, float) and not math.isfinite(value):
            raise SettingsError(
                f"Expected --{name.replace('_', '-')} to be a number, but got {value}: that is out of any range.",
                "Give a number, or leave the option out.",
            )


def _show(args: argparse.Namespace, result: Any, text: str) -> None:
    if args.json:
        _write(json.dumps(result, indent=2, ensure_ascii=True, allow_nan=False) + "\n")
    elif text:
        _write(shown(text).rstrip("\n") + "\n")


def _write(text: str) -> None:
    if sys.stdout is None:  # Python has none where the caller closed it
        raise OSError("it is closed")
    sys.stdout.write(text)
    sys.stdout.flush()


def _fail(args: argparse.Namespace, console: Console, error: dict[str, str], code: int) -> int:
    console.say(f"Error: {error['message']}")
    if error["remedy"]:
        console.say(f"What to do: {error['remedy']}")
    if args.json:
        with contextlib.suppress(OSError):  # whoever closed it does not read it; the exit code tells
            _write(_answer(error))
    return code


def _answer(error: dict[str, str]) -> str:
    return json.dumps({"error": error}, ensure_ascii=True) + "\n"


class _UsageError(Exception):
    """Arguments that no command can be read from."""

    def __init__(self, message: str, usage: str, program: str) -> None:
        super().__init__(message)
        self.usage = usage
        self.program = program


class _Parser(argparse.ArgumentParser):
    """Raises instead of ending the process, so that `main` can answer in JSON as well."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(message, self.format_usage(), self.prog)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands.

    Returns
    -------
    argparse.ArgumentParser
        What it parses has the function of the command as `run`; without a command there is no `run`.
    """
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", metavar="DIR", default=None, help="where everything is stored")
    common.add_argument("--json", action="store_true", help="print JSON to standard output")
    common.add_argument("--quiet", action="store_true", help="no progress, only errors")

    parser = _Parser(
        prog=_prog(),
        description="A personal baseline of gait from ordinary walking videos, and what changed since.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(json=False, quiet=False, workspace=None)
    # By the words before the last: where each command is attached.
    groups: dict[tuple[str, ...], Any] = {(): parser.add_subparsers(metavar="COMMAND")}
    for one in registered_commands():
        group, name = groups[one.path[:-1]], one.path[-1]
        if one.run is None:
            groups[one.path] = group.add_parser(name, help=one.help).add_subparsers(metavar="ACTION", required=True)
            continue
        command: argparse.ArgumentParser = group.add_parser(name, parents=[common], help=one.help, description=one.help)
        command.set_defaults(run=one.run)
        one.arguments(command)
    return parser


def _prog() -> str:
    """Return how the command line was called: by its console command, or as a module."""
    called = Path(sys.argv[0]).name if sys.argv else ""
    return CONSOLE_COMMAND if called.removesuffix(".exe") == CONSOLE_COMMAND else "python -m gait_core"
