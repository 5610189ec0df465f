"""Exports of a measurement for other programs: CSV, JSON, TRC, MOT, C3D."""

from gait_core.report.exports.export import (
    EXPORTERS,
    check_formats,
    export_batch_table,
    export_measurement,
    unique_stems,
)
from gait_core.report.exports.export_job import Exported, ExportSource

__all__ = [
    "EXPORTERS",
    "ExportSource",
    "Exported",
    "check_formats",
    "export_batch_table",
    "export_measurement",
    "unique_stems",
]
