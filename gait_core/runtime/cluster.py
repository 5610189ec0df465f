"""The machines of a Dask cluster as one executor.

Dask distributed is optional (``pip install -r requirements-cluster.txt``) and used only where the user names an
address. Its messages are pickles, and whoever reaches the port of a scheduler or a worker can run code there:
run it on a trusted network only, or with TLS (``tls://``, certificates as Dask's own configuration names them).
What this package sends is the name of a function, paths and small facts; videos and landmarks stay in the
shared folder.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any, Final, Self

from gait_core.errors import ClusterError, InputError, LibraryError

__all__ = ["Cluster", "check_address"]

_ADDRESS: Final = re.compile(r"(tcp|tls)://[^\s/:]+(:\d{1,5})|(tcp|tls)://\[[0-9a-fA-F:]+\](:\d{1,5})")
_CONNECT_S: Final = 8.0
_ANSWER_S: Final = 30.0
_LOOK_EVERY_S: Final = 2.0
_ALONE_S: Final = 20.0
"""How long a cluster may be without workers; one that restarts is back sooner."""


def check_address(address: str) -> str:
    """Check the form of the address of a cluster; nothing is contacted.

    Returns
    -------
    str
        The address as given.

    Raises
    ------
    InputError
        When it is not of the form ``tcp://host:port`` or ``tls://host:port``.
    """
    if not _ADDRESS.fullmatch(address):
        raise InputError(
            f"Expected the address of a Dask scheduler, but got {address!r}.",
            "Give it as the scheduler prints it, for example tcp://10.0.0.5:8786.",
        )
    return address


class Cluster(Executor):
    """A Dask scheduler and its workers; make it with `connect`.

    Parameters
    ----------
    address : str
    client : distributed.Client
        Connected.
    """

    def __init__(self, address: str, client: Any) -> None:
        self.address = address
        self._client = client
        self._executor = client.get_executor(pure=False)
        self._looked_s = time.monotonic()
        self._seen_s = time.monotonic()

    @classmethod
    def connect(cls, address: str, timeout_s: float = _CONNECT_S) -> Self:
        """Return the cluster at an address.

        Raises
        ------
        InputError
            When it is not an address.
        LibraryError
            When Dask is not installed.
        ClusterError
            When no scheduler answers, when it speaks another version, or when it has no workers.
        """
        check_address(address)
        try:
            import distributed
        except ImportError as error:
            raise LibraryError(
                f"Expected Dask distributed for --cluster, but it cannot be loaded ({error}).",
                "Install it on every machine: python -m pip install -r requirements-cluster.txt",
            ) from error
        for name in list(logging.root.manager.loggerDict):
            if name == "distributed" or name.startswith("distributed."):
                logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong has a message of ours
        try:
            _knock(address, timeout_s)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # differing versions: `check_versions` says it better
                # Its own time limit does not hold where the port is open but silent.
                client = _bounded(
                    lambda: distributed.Client(address, timeout=timeout_s, set_as_default=False), timeout_s + 1.0
                )
        except (OSError, OverflowError, ValueError, asyncio.CancelledError) as error:
            raise ClusterError(
                f"Expected a Dask scheduler at {address}, but nothing answered ({error}).",
                "Start it with `dask scheduler`, check the address and the firewall, or leave --cluster away.",
            ) from error
        cluster = cls(address, client)
        try:
            cluster.check_versions()
        except BaseException:
            cluster.shutdown(wait=False)
            raise
        return cluster

    def check_versions(self) -> None:
        """Raise `ClusterError` when scheduler or workers run another version of Python or Dask, or none is there."""
        found = self._answered(lambda: self._client.get_versions(check=False))
        own = _versions(found["client"])
        members = {"the scheduler": found["scheduler"], **{f"worker {a}": v for a, v in found["workers"].items()}}
        other = [f"{who} has {_text(_versions(what))}" for who, what in members.items() if _versions(what) != own]
        if other:
            raise ClusterError(
                f"Expected {_text(own)} everywhere, but {'; '.join(other[:5])}.",
                "Make the same environment on every machine: python -m pip install -r requirements-cluster.txt",
            )
        if not found["workers"]:
            raise ClusterError(
                f"Expected workers at {self.address}, but the scheduler has none.",
                f"Start some, from the folder of Gait Studio: dask worker {self.address} --nthreads 1 --nworkers auto",
            )

    @property
    def workers(self) -> dict[str, int]:
        """Address of each worker → its threads."""
        return dict(self._answered(self._client.nthreads))

    def everywhere(self, function: Callable[..., Any], *arguments: Any) -> Mapping[str, Any]:
        """Call a function once in every worker; return what each answered, or the exception that it met."""
        return dict(self._answered(lambda: self._client.run(function, *arguments, on_error="return")))

    def check(self) -> None:
        """Raise `ClusterError` when scheduler or workers are gone; asks every two seconds, else returns at once."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = now_s
        if self._client.status != "running":
            raise self._gone("the connection to the scheduler was lost")
        if self.workers:
            self._seen_s = time.monotonic()
        elif now_s - self._seen_s > _ALONE_S:
            raise self._gone(f"there has been no worker for {_ALONE_S:.0f} s")

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a task to the scheduler."""
        if self._client.status != "running":
            raise self._gone("the connection to the scheduler was lost")
        future: Future[Any] = self._executor.submit(fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take back what has not begun and leave the cluster, which keeps running for others."""
        try:
            if self._client.status == "running":
                self._executor.shutdown(wait=wait and not cancel_futures)
        finally:
            self._client.close(timeout=2)

    def _answered(self, ask: Callable[[], Any]) -> Any:
        """Return the answer of the cluster, or raise `ClusterError` when none comes."""
        try:
            return _bounded(ask, _ANSWER_S)
        except Exception as error:
            raise self._gone(f"it gave no answer ({error})") from error

    def _gone(self, why: str) -> ClusterError:
        return ClusterError(
            f"Expected the cluster at {self.address} to stay available until the end, but it disappeared: {why}.",
            "Look whether scheduler and workers still run, then run again; what is finished is kept.",
        )


def _knock(address: str, timeout_s: float) -> None:
    """Raise `OSError` when nothing listens; Dask would keep trying until its time is up."""
    host, _, port = address.partition("://")[2].rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s).close()


def _bounded(ask: Callable[[], Any], limit_s: float) -> Any:
    """Return what a call gives, or raise `TimeoutError`; Dask would wait for ever for who hangs."""
    answers: list[Any] = []
    problems: list[Exception] = []

    def wait_for_it() -> None:
        try:
            answers.append(ask())
        except Exception as error:  # noqa: BLE001 - raised in the thread that asked
            problems.append(error)

    thread = threading.Thread(target=wait_for_it, daemon=True, name="cluster-answer")
    thread.start()
    thread.join(limit_s)
    if problems:
        raise problems[0]
    if not answers:
        raise TimeoutError(f"no reply within {limit_s:.0f} s")
    return answers[0]


def _versions(found: Mapping[str, Any]) -> tuple[str, str]:
    """Return the versions that have to agree: Python up to the minor number, and Dask distributed."""
    python = str(found["host"]["python"]) if isinstance(found.get("host"), Mapping) else "?"
    return ".".join(python.split(".")[:2]), str(found.get("packages", {}).get("distributed"))


def _text(versions: tuple[str, str]) -> str:
    return f"Python {versions[0]} and Dask distributed {versions[1]}"
