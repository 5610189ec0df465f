"""The benchmarks by name: ``bench_x`` in module ``x`` of this package is the benchmark ``x``; no list names them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from gait_core import bench as package
from gait_core.bench.common import BenchResult
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["Bench", "bench_named", "benches", "run"]


class Bench(Protocol):
    """A benchmark: a function ``bench_x``."""

    def __call__(
        self, workspace: Workspace, reporter: Reporter, *, quick: bool = False, data: str | None = None
    ) -> BenchResult:
        """Measure and return the figures; `data` is a folder with real walks, where there is one."""


def benches() -> Mapping[str, Bench]:
    """Return all benchmarks; imports their modules.

    Returns
    -------
    mapping of str to Bench
        By name.
    """
    return dict(_found())


def bench_named(name: str) -> Bench:
    """Return a benchmark, importing only its module.

    Returns
    -------
    Bench

    Raises
    ------
    InputError
        When there is none of that name.
    """
    found = _bench_of(name) if name in _module_names() else None
    if found is None:
        raise InputError(
            f"Expected the benchmark to be one of {', '.join(benches())}, but got {name!r}.", "Choose one of these."
        )
    return found


def run(name: str, workspace: Workspace, reporter: Reporter, *, quick: bool, data: str | None) -> dict[str, Any]:
    """Run a benchmark.

    Parameters
    ----------
    name : str
    workspace : Workspace
    reporter : Reporter
    quick : bool
        Less of everything, for a first look.
    data : str or None
        Folder with real data, see the benchmark; None: without.

    Returns
    -------
    dict
        As of `BenchResult.to_dict`.

    Raises
    ------
    InputError
        When there is none of that name.
    """
    return bench_named(name)(workspace, reporter, quick=quick, data=data).to_dict()


def _module_names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg]


def _bench_of(name: str) -> Bench | None:
    module = importlib.import_module(f"{package.__name__}.{name}")
    found: Bench | None = getattr(module, f"bench_{name}", None)
    return found


def _found() -> Iterator[tuple[str, Bench]]:
    for name in _module_names():
        # `child` and others that only help are modules like the rest; they offer no benchmark.
        found = _bench_of(name)
        if found is not None:
            yield name, found
