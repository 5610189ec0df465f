"""The losses and metrics of a training as a table in a file, one line per epoch."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from gait_core.learn.callbacks import Callback, CallbackState, EpochResult
from gait_core.workspace import write_atomic

__all__ = ["EpochLog"]


class EpochLog(Callback):
    """Writes ``epoch,loss,val_loss,…`` after every epoch; a training resumed after a kill continues its lines.

    Parameters
    ----------
    path : Path
        CSV file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[dict[str, Any]] = []

    def start(self, model: Any, first: EpochResult) -> None:  # noqa: ARG002 - the table begins with the first epoch
        """Begin a new table."""
        self._rows = []

    def after_epoch(self, model: Any, result: EpochResult) -> str:  # noqa: ARG002 - only the figures are written
        """Add a line."""
        judged = {} if result.val_loss is None else {"val_loss": result.val_loss}
        self._rows.append({"epoch": result.epoch, "loss": result.loss, **judged, **result.metrics})
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self._rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        write_atomic(self._path, text.getvalue().encode("utf-8"))
        return ""

    def end(self, model: Any) -> None:
        """Leave the table as it is."""

    def state_dict(self) -> CallbackState:
        """Return how many lines there are."""
        return CallbackState(values={"lines": len(self._rows)})

    def load_state(self, state: CallbackState) -> None:
        """Continue after the lines that the checkpoint covers; a later line belongs to an epoch that is run again."""
        self._rows = []
        if self._path.is_file():
            with self._path.open(encoding="utf-8", newline="") as handle:
                self._rows = list(csv.DictReader(handle))[: int(state.values["lines"])]
