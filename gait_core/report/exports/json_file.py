"""Everything that was measured, as one JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

import numpy as np

from gait_core import __version__
from gait_core.cache.archive import json_ready
from gait_core.report.exports.export_job import ExportJob

__all__ = ["SCHEMA", "json_file"]

SCHEMA: Final = 1


def json_file(job: ExportJob) -> dict[str, bytes]:
    """Write the measurement, its source and the single strides of every curve.

    Returns
    -------
    dict of str to bytes
        ``<stem>.json`` → its content; a missing value is null.
    """
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
    text = json.dumps(json_ready(content), indent=1, ensure_ascii=False, allow_nan=False)
    return {f"{job.stem}.json": text.encode("utf-8", "replace")}
