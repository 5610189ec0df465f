"""``cache``: reports on the cache and clears it."""

from __future__ import annotations

import argparse

from gait_core.cli.answers import Answer
from gait_core.cli.console import Console
from gait_core.cli.registry import command, command_group
from gait_core.workspace import Workspace

__all__: list[str] = []

command_group("cache", help="the cache", order=110)


@command("cache info", help="content and hit rate of the cache", order=10)
def cache_info(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """Report what the cache holds."""
    from gait_core.cache import ArrayCache
    from gait_core.cache.labels import kind_label

    info = ArrayCache.of(workspace).info()
    rate = f"{100 * info.hit_rate:.0f} % of look-ups served" if info.hit_rate is not None else "not used yet"
    text = f"{info.entries} entries, {info.size_bytes / 1e6:.1f} of {info.limit_bytes / 1e6:.0f} MB, {rate}"
    kinds = sorted(info.by_kind.items(), key=lambda pair: -pair[1])
    text = "\n".join([text, *(f"  {size / 1e6:8.1f} MB  {kind_label(kind)}" for kind, size in kinds)])
    return info.to_dict(), text


@command("cache clear", help="delete everything that can be computed again", order=20)
def cache_clear(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """Delete everything that can be computed again."""
    from gait_core.cache import ArrayCache

    freed = ArrayCache.of(workspace).clear()
    return {"freed_bytes": freed}, f"Freed {freed / 1e6:.1f} MB."
