"""The other end of `gait_core.bench.processes.call`: reads what to call, answers with JSON."""

from __future__ import annotations

import importlib
import json
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Call one function of a benchmark, limited to as many CPUs as given."""
    wanted = json.load(sys.stdin)
    if wanted["cores"] is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: wanted["cores"]])
    if not wanted["module"].startswith("gait_core.bench."):
        raise ValueError(f"Expected a function of gait_core.bench, but got {wanted['module']!r}.")
    function = getattr(importlib.import_module(wanted["module"]), wanted["function"])
    answer = function(**wanted["arguments"])
    sys.stdout.write(json.dumps(answer, allow_nan=False))


if __name__ == "__main__":
    main()
