"""How kinds of things that register themselves are found: by looking at the package, so that no list names them.

Two conventions, both by import:

- `import_named` imports the module of one name in every package of `gait_core`, for example ``job_kinds``. So a
  registry finds what is above it in the layers without importing it by name.
- `import_members` imports every module of one package.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import gait_core

__all__ = ["import_members", "import_named"]


@functools.cache
def import_named(name: str) -> None:
    """Import the modules of a name in all packages of `gait_core`, once.

    Parameters
    ----------
    name : str
        Of a module, or of a package whose modules are all imported. A package of `gait_core` that has neither is not
        imported at all.
    """
    for module in _named(name):
        importlib.import_module(module)


def import_members(package: ModuleType) -> None:
    """Import every module of a package, and every package in it."""
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        importlib.import_module(found.name)


def _named(name: str) -> Iterator[str]:
    for package in pkgutil.iter_modules(gait_core.__path__, f"{gait_core.__name__}."):
        folders = [str(Path(root, package.name.rpartition(".")[2])) for root in gait_core.__path__]
        for found in pkgutil.iter_modules(folders) if package.ispkg else ():
            if found.name != name:
                continue
            module = f"{package.name}.{name}"
            if found.ispkg:
                inside = pkgutil.iter_modules([str(Path(folder, name)) for folder in folders], f"{module}.")
                yield from (one.name for one in inside)
            else:
                yield module
