"""Work ahead in a thread of its own, a few items at most."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Generic, TypeVar

__all__ = ["read_ahead"]

Item = TypeVar("Item")


def read_ahead(make: Callable[[], Generator[Item]], limit: Callable[[], int], *, name: str) -> Iterator[Item]:
    """Yield what a generator yields, which runs in a thread and is ahead of who asks.

    Parameters
    ----------
    make : callable
        Makes the generator; called in the thread, where it is closed as well.
    limit : callable
        Number of items that may wait; read again for every item, so that it can shrink when memory gets short. With 0
        the thread makes an item only when one is wanted.
    name : str
        Of the thread.

    Yields
    ------
    Item
        In order. Beside those that wait, there is one that the thread has in hand, and one that was handed on.

    Raises
    ------
    Exception
        What the generator raises, after the items before it.
    """
    shelf: _Shelf[Item] = _Shelf(make, limit)
    # A daemon: an iterator that was forgotten must not keep the process from ending.
    thread = threading.Thread(target=shelf.fill, name=name, daemon=True)
    thread.start()
    try:
        yield from shelf.items()
    finally:
        shelf.close()
        thread.join()


class _Shelf(Generic[Item]):
    """Items that wait between the two threads."""

    def __init__(self, make: Callable[[], Generator[Item]], limit: Callable[[], int]) -> None:
        self._make = make
        self._limit = limit
        self._changed = threading.Condition()
        self._waiting: deque[Item] = deque()
        self._wanted = self._done = self._closed = False
        self._error: Exception | None = None

    def fill(self) -> None:
        """Make items until there are no more, or none is wanted."""
        try:
            items = self._make()
            try:
                while self._room():
                    self._waiting.append(next(items))
                    with self._changed:
                        self._changed.notify_all()
            finally:
                items.close()
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001 - raised again in the thread that asks
            self._error = error
        finally:
            with self._changed:
                self._done = True
                self._changed.notify_all()

    def items(self) -> Iterator[Item]:
        """Yield the items."""
        while True:
            with self._changed:
                self._wanted = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting or self._done)
                self._wanted = False
                if not self._waiting:
                    break
                item = self._waiting.popleft()
                self._changed.notify_all()
            yield item
            del item
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Signal that no more are wanted."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _room(self) -> bool:
        """Wait until another item may be made; False when none is wanted."""
        with self._changed:
            self._changed.wait_for(self._may_go_on)
            return not self._closed

    def _may_go_on(self) -> bool:
        waiting = len(self._waiting)
        return self._closed or waiting < self._limit() or (self._wanted and not waiting)
