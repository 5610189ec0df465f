"""A Dask scheduler and workers on the loopback interface, each a process that can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from gait_core.errors import ClusterError
from gait_core.runtime.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


@dataclass
class Machines:
    """A scheduler and workers on the loopback interface, each a process that can be killed."""

    folder: Path
    address: str = ""
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> Machines:
        facts = self.folder / "scheduler.json"
        self.scheduler = self._dask(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(facts)
        )
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                self.address = json.loads(facts.read_text())["address"]
                return self
            except (OSError, ValueError):
                time.sleep(0.05)
        raise AssertionError(self.log("scheduler"))

    def add_workers(self, count: int, cwd: Path = ROOT) -> None:
        names = [f"worker-{len(self.workers) + number}" for number in range(count)]
        for name in names:
            place = self.folder / name
            self.workers.append(
                self._dask(
                    *("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"),
                    *("--local-directory", str(place), "--name", name),
                    cwd=cwd,
                )
            )
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                with Cluster.connect(self.address) as cluster:
                    if len(cluster.workers) == len(self.workers):
                        return
            except ClusterError:
                pass
            time.sleep(0.1)
        raise AssertionError(self.log("worker"))

    def _dask(self, kind: str, *arguments: str, cwd: Path = ROOT) -> subprocess.Popen[bytes]:
        with (self.folder / f"{kind}.log").open("ab") as log:
            environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            command = [sys.executable, "-m", "dask", kind, *arguments]
            return subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log, env=environment)

    def log(self, kind: str) -> str:
        return (self.folder / f"{kind}.log").read_text()

    def stop(self) -> None:
        for process in [*self.workers, *filter(None, [self.scheduler])]:
            process.kill()
            process.wait()
