"""The process in which a network is trained for a job; see `gait_core.workflows.supervised_training`.

It reads its task from the first line of standard input, and orders (``cancel``, ``stop``) from the lines after it. It
writes one JSON object a line to standard output: every event, and at the end the result or the error. When standard
input closes, the process that gave the task is gone, and this one ends as well.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any, TextIO

from gait_core.errors import Cancelled, GaitError
from gait_core.progress import Reporter
from gait_core.workflows.train import train_classifier
from gait_core.workflows.train_request import TrainRequest
from gait_core.workspace import Workspace

__all__ = ["main"]

_logger = logging.getLogger("gait_core.workflows.training_process")


class _Orders:
    """Listens to the process that gave the task."""

    def __init__(self) -> None:
        self.cancelled, self.stopped = threading.Event(), threading.Event()
        threading.Thread(target=self._listen, daemon=True, name="orders").start()

    def _listen(self) -> None:
        for line in sys.stdin:
            order = {"cancel": self.cancelled, "stop": self.stopped}.get(line.strip())
            if order is not None:
                order.set()
        os._exit(1)


def main() -> int:
    """Train what the task requests.

    Returns
    -------
    int
        0 when a result was reported, 1 when an error was.
    """
    out = _private_output()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("gait_core").setLevel(logging.INFO)
    task = json.loads(sys.stdin.readline())
    orders = _Orders()

    def tell(message: Mapping[str, Any]) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    reporter = Reporter(
        sink=lambda event: tell({"event": event.to_dict()}),
        cancelled=orders.cancelled.is_set,
        stop_early=orders.stopped.is_set,
    )
    try:
        request = TrainRequest.from_dict(task["request"])
        result = train_classifier(request, Workspace(task["workspace"]), reporter, halvings=int(task["halvings"]))
    except KeyboardInterrupt:
        tell({"error": Cancelled().to_dict()})
        return 1
    except GaitError as error:
        _logger.info("ended", exc_info=True)
        tell({"error": error.to_dict()})
        return 1
    except Exception as error:
        _logger.exception("failed unexpectedly")
        problem = GaitError(
            f"Something failed that should not: {type(error).__name__}: {error}".strip(),
            "Resume the run; if it fails again, send the log to the developers.",
        )
        tell({"error": problem.to_dict()})
        return 1
    tell({"result": result})
    return 0


def _private_output() -> TextIO:
    """Return standard output for messages alone: what a library prints goes to standard error from now on."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


if __name__ == "__main__":
    sys.exit(main())
