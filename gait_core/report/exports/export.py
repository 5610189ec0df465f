"""Writes a measured walk, or many, into a folder in the formats asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gait_core.errors import InputError, SettingsError
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.measurement import Measurement
from gait_core.report.exports.c3d import c3d_file
from gait_core.report.exports.csv import COLUMNS, csv_tables, parameter_rows, table_bytes
from gait_core.report.exports.export_job import Exported, Exporter, ExportJob, ExportSource
from gait_core.report.exports.json_file import json_file
from gait_core.report.exports.mot import mot_files
from gait_core.report.exports.trc import trc_files
from gait_core.workspace import name_id, safe_name, write_atomic

__all__ = ["EXPORTERS", "check_formats", "export_batch_table", "export_measurement", "unique_stems"]

EXPORTERS: Final[Mapping[str, Exporter]] = {
    "csv": csv_tables,
    "json": json_file,
    "trc": trc_files,
    "mot": mot_files,
    "c3d": c3d_file,
}
"""Format → what writes it."""


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """Check the names of formats.

    Returns
    -------
    tuple of str
        In lower case and in the order given, without repeats.

    Raises
    ------
    SettingsError
        When one is unknown or none is given.
    """
    wanted = tuple(dict.fromkeys(name.strip().lower() for name in formats if name.strip()))
    unknown = [name for name in wanted if name not in EXPORTERS]
    if unknown or not wanted:
        got = ", ".join(map(repr, unknown)) or "none"
        raise SettingsError(
            f"Expected formats out of {', '.join(EXPORTERS)}, but got {got}.", "Write for example: --format csv,c3d"
        )
    return wanted


def export_measurement(
    measurement: Measurement,
    motion: Kinematics | None,
    folder: Path,
    formats: Sequence[str] = ("csv",),
    *,
    stem: str,
    source: ExportSource | None = None,
) -> Exported:
    """Write one walk.

    Parameters
    ----------
    measurement : Measurement
    motion : Kinematics or None
        What it was measured from; CSV and JSON do without.
    folder : Path
        Made when missing; files of the same names are replaced.
    formats : sequence of str
        Keys of `EXPORTERS`.
    stem : str
        Beginning of the file names; made safe.
    source : ExportSource, optional
        Names and hashes written into the files.

    Returns
    -------
    Exported
        The files, and the formats that this walk cannot be written in, with the reason.

    Raises
    ------
    SettingsError
        When a format is unknown.
    StorageError
        When the folder cannot be written.
    LibraryError
        When ezc3d is missing.
    """
    wanted = check_formats(formats)
    job = ExportJob(
        measurement=measurement, motion=motion, stem=safe_name(stem, "walk"), source=source or ExportSource()
    )
    files: list[Path] = []
    skipped: dict[str, str] = {}
    for name in wanted:
        try:
            contents = EXPORTERS[name](job)
        except InputError as refusal:
            skipped[name] = str(refusal)
            continue
        for file, content in contents.items():
            write_atomic(folder / file, content, durable=False)
            files.append(folder / file)
    return Exported(files=tuple(files), skipped=skipped)


def export_batch_table(walks: Sequence[tuple[Measurement, ExportSource]], folder: Path) -> Path:
    """Write the parameters of many walks into one table.

    Returns
    -------
    Path
        ``all_parameters.csv`` in the folder.

    Raises
    ------
    StorageError
        When the folder cannot be written.
    """
    rows = [
        row
        for measurement, source in walks
        for row in parameter_rows(ExportJob(measurement=measurement, motion=None, stem="", source=source))
    ]
    path = folder / "all_parameters.csv"
    write_atomic(path, table_bytes(rows, COLUMNS["parameters"]), durable=False)
    return path


def unique_stems(names: Sequence[str]) -> list[str]:
    """Return a beginning of file names for each video.

    Two names that differ in more than capitals have different beginnings, so that what an earlier run wrote of another
    video is not replaced either.

    Returns
    -------
    list of str
        In the order of `names`, no two alike: a repeated one gets a number.
    """
    stems: list[str] = []
    for name in names:
        stem = wanted = name_id(Path(name).stem.lower())
        count = 1
        while stem in stems:
            count += 1
            stem = f"{wanted}-{count}"
        stems.append(stem)
    return stems
