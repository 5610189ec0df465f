"""Everything that was measured, as one JSON file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from gait_core import __version__
from gait_core.report.exports.model import ExportJob

__all__ = ["SCHEMA", "json_file", "plain"]

SCHEMA: Final = 1


def json_file(job: ExportJob) -> dict[str, bytes]:
    """Write the measurement, its source and the single strides of every curve; a missing value is null."""
    content = {
        "schema": SCHEMA,
        "program": {"name": "Gait Studio", "version": __version__},
        "source": asdict(job.source),
        "measurement": job.measurement.to_dict(),
        "curves": [
            {"curve": name, "side": side, "unit": "deg", "strides": np.round(strides, 3)}
            for (name, side), strides in job.measurement.curves.values.items()
        ],
    }
    text = json.dumps(plain(content), indent=1, ensure_ascii=False, allow_nan=False)
    return {f"{job.stem}.json": text.encode("utf-8", "replace")}


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: arrays as lists, NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
