"""What the command line says to a person, on standard error."""

from __future__ import annotations

import sys
import time
from typing import Final

from gait_core.progress import Event

__all__ = ["Console", "duration_text", "shown"]

_PLAIN_EVERY_S = 5.0
_LIVE_EVERY_S = 0.1
_FOLDS: Final = {"fold", "folds"}
_COUNTS: Final = {"epoch", *_FOLDS}
_ORDINARY: Final = {ord("\n"), ord("\t")}
_CONTROLS: Final = dict.fromkeys(
    {*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)} - _ORDINARY, "\ufffd"
)
"""Characters that could move the cursor, colour a line or reverse it, and have no business in a file name."""


def shown(text: str) -> str:
    """Return a text as a terminal may show it, whatever names stand in it.

    Returns
    -------
    str
    """
    return text.translate(_CONTROLS)


def duration_text(seconds: float) -> str:
    """Return a duration as people say it.

    Returns
    -------
    str
        ``0.4 s`` below ten seconds, ``12 s`` below a minute, then ``3 min 05 s``.
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


class Console:
    """Shows events as one moving line on a terminal, as sparse lines elsewhere.

    Parameters
    ----------
    quiet : bool
        Show errors and warnings only.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._shown_s = 0.0
        self._shown = ""
        self._open_line = False

    def say(self, text: str) -> None:
        """Write a line."""
        self.close()
        sys.stderr.write(shown(text).rstrip("\n") + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        """End a moving line."""
        if self._open_line:
            sys.stderr.write("\r\x1b[K")
            self._open_line = False

    def sink(self, event: Event) -> None:
        """Take one event of a `Reporter`."""
        if event.kind == "warning":
            self.say(f"  ! {event.item + ': ' if event.item else ''}{event.message}")
        elif self._quiet:
            return
        elif event.kind == "stage" and event.message:
            self.say(event.message)
        elif event.kind == "note":
            self.say(f"  {event.message}")
        elif event.kind == "item_end" and event.data.get("state") == "failed":
            self.say(f"  ✗ {event.item}: {event.message}")
        elif event.kind == "epoch":
            losses = ", ".join(f"{k} {v:.4f}" for k, v in event.data.items() if k not in _COUNTS)
            fold = (
                f" of fold {event.data['fold']:.0f} of {event.data['folds']:.0f}" if set(event.data) >= _FOLDS else ""
            )
            self._update(f"  epoch {event.done:.0f} of {event.total:.0f}{fold}: {losses}", event)
        elif event.kind == "progress" and event.item is None:
            self._update(_progress_text(event), event)

    def _update(self, text: str, event: Event) -> None:
        now_s = time.monotonic()
        due_s = _LIVE_EVERY_S if self._live else _PLAIN_EVERY_S
        complete = bool(event.total) and event.done >= event.total
        if text == self._shown or not (complete or event.kind == "epoch" or now_s - self._shown_s >= due_s):
            return
        self._shown_s, self._shown = now_s, text
        if self._live:
            sys.stderr.write(f"\r\x1b[K{shown(text)}")
            self._open_line = True
            sys.stderr.flush()
        else:
            self.say(text)


def _progress_text(event: Event) -> str:
    parts = [f"{event.done:.0f} of {event.total:.0f} {event.unit}" if event.total else f"{event.done:.0f} {event.unit}"]
    if event.rate_per_s:
        rate = f"{event.rate_per_s:.0f}" if event.rate_per_s >= 10 else f"{event.rate_per_s:.2g}"
        parts.append(f"{rate} {event.unit}/s")
    if event.eta_s:
        parts.append(f"{duration_text(event.eta_s)} left")
    return f"  {event.stage}: " + ", ".join(parts)
