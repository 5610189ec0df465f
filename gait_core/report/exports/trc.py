"""Landmarks as an OpenSim marker file: metres, x forward, y up, z to the right."""

from __future__ import annotations

import numpy as np

from gait_core.errors import InputError
from gait_core.report.exports.export_job import ExportJob, needs_motion, number
from gait_core.report.exports.placed import PlacedPass, place_passes

__all__ = ["pass_name", "trc_files"]


def trc_files(job: ExportJob) -> dict[str, bytes]:
    """Write one marker file per pass; z is 0, because one camera from the side does not see it.

    The landmarks keep MediaPipe's names. A missing landmark is an empty field, as OpenSim expects.

    Returns
    -------
    dict of str to bytes
        File name → content, one for each pass.

    Raises
    ------
    InputError
        Without the landmarks or without a scale: this format cannot hold a length without metres.
    """
    motion = needs_motion(job, "a TRC file")
    if job.metres_per_leg is None:
        raise InputError(
            "Expected a scale to write a TRC file in metres, but none was given.",
            "Give the height of the person, a distance on the floor or the walking speed.",
        )
    passes = place_passes(motion, job.metres_per_leg)
    files = {}
    for placed in passes:
        name = pass_name(job.stem, placed.number, len(passes), "trc")
        files[name] = _trc(placed, motion.rate_hz, name)
    return files


def pass_name(stem: str, index: int, passes: int, extension: str) -> str:
    """Return the file name of one pass.

    Parameters
    ----------
    stem : str
        Beginning of the name.
    index : int
        Of the pass, from 0.
    passes : int
        How many the walk has.
    extension : str
        Without the dot.

    Returns
    -------
    str
        For example ``walk_pass2.trc``; without the number where there is only one pass.
    """
    return f"{stem}.{extension}" if passes == 1 else f"{stem}_pass{index + 1}.{extension}"


def _trc(placed: PlacedPass, rate_hz: float, name: str) -> bytes:
    markers = list(placed.points)
    frames = len(placed.time_s)
    rate = number(rate_hz)
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{len(markers)}\tm\t{rate}\t1\t{frames}",
        "\t".join(["Frame#", "Time", *(f"{marker}\t\t" for marker in markers)]),
        "\t".join(["", "", *(f"{axis}{count}" for count in range(1, len(markers) + 1) for axis in "XYZ")]),
        "",
    ]
    points = np.stack([placed.points[marker] for marker in markers], axis=1)
    for frame, (time_s, row) in enumerate(zip(placed.time_s, points, strict=True), start=1):
        cells = [f"{x:.5f}\t{y:.5f}\t0.00000" if np.isfinite(x + y) else "\t\t" for x, y in row]
        lines.append("\t".join([str(frame), f"{time_s:.6f}", *cells]))
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")
