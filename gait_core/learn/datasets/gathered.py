"""Rows of many walks, gathered in files while the videos are read: windows, curves or clips."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gait_core.cache import Spool
from gait_core.learn.datasets.classes import label_numbers
from gait_core.learn.datasets.clips import ClipSpool
from gait_core.learn.datasets.samples import Samples
from gait_core.learn.datasets.settings import DatasetSettings
from gait_core.learn.datasets.walk_rows import channels_of, steps_of
from gait_core.walks.clips import WalkClip

__all__ = ["GatheredRows"]


class GatheredRows:
    """Takes the rows of walk after walk, and gives them as samples.

    Parameters
    ----------
    settings : DatasetSettings
        What the rows are.
    folder : Path
        Folder of the files.
    """

    def __init__(self, settings: DatasetSettings, folder: Path) -> None:
        self._settings = settings
        self._channels = channels_of(settings)
        self._open = ExitStack()
        if settings.rows == "clips":
            self._clips: ClipSpool | None = self._open.enter_context(ClipSpool(folder))
        else:
            self._clips = None
            shape = (steps_of(settings), len(self._channels))
            self._values = self._open.enter_context(Spool(np.float32, shape, folder))
        self._subjects: list[str] = []
        self._labels: list[str] = []
        self._walks: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def __len__(self) -> int:
        return len(self._walks)

    def add(self, rows: NDArray[np.float32] | WalkClip, *, subject: str, label: str, walk: str) -> None:
        """Add the rows of a walk; raises `OSError` when the disk is full."""
        if isinstance(rows, WalkClip) and self._clips is not None:
            self._clips.append(rows)
            count = 1
        elif isinstance(rows, np.ndarray) and self._clips is None:
            self._values.append(rows)
            count = len(rows)
        else:
            raise TypeError(f"Expected rows of the kind {self._settings.rows}, but got {type(rows).__name__}.")
        self._subjects += [subject] * count
        self._labels += [label] * count
        self._walks += [walk] * count

    def samples(self, classes: Sequence[str]) -> Samples:
        """Return what was gathered, of which there has to be a row; large arrays are mapped from their files."""
        rows: dict[str, Any]
        if self._clips is None:
            values = self._values.array()
            rows = {"values": values, "lengths": np.full(len(values), values.shape[1])}
        else:
            rows = dict(self._clips.rows())
        return Samples(
            **rows,
            labels=label_numbers(self._labels, classes, self._settings.reference_class),
            subjects=np.array(self._subjects, np.str_),
            walks=np.array(self._walks, np.str_),
            channels=self._channels,
            classes=tuple(classes),
            kind=self._settings.rows,
        )
