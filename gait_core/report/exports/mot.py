"""Joint angles as an OpenSim motion file, degrees."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.gait.kinematics import Kinematics
from gait_core.report.exports.export_job import SIDE_LETTERS, ExportJob, needs_motion, scale_sentence
from gait_core.report.exports.placed import PlacedPass, place_passes
from gait_core.report.exports.trc import pass_name

__all__ = ["mot_files"]

COORDINATES: Final = (
    ("hip_flexion", "hip_to_trunk"),
    ("knee_angle", "knee"),
    ("ankle_angle", "ankle"),
    ("arm_flex", "shoulder"),
    ("elbow_flex", "elbow"),
)
"""OpenSim's name of a coordinate (without its side) and our angle."""

# A line with an equals sign would be read as a setting.

NOTES: Final = (
    "Angles in degrees. Hip, knee and elbow: flexion positive. Ankle: dorsiflexion positive.",
    "Zero: knee straight, foot perpendicular to shank, hip and arm in line with the trunk.",
    "A pelvis cannot be seen from the side: pelvis_tilt is the lean of the trunk (forward negative), hip against it.",
    "Only the plane of walking is measured; coordinates that are not listed keep the default of the model.",
    "Missing values are nan.",
)


def mot_files(job: ExportJob) -> dict[str, bytes]:
    """Write one motion file per pass.

    The coordinates are those of OpenSim's full-body models with a knee that bends to positive angles (Rajagopal
    2016). Trunk and pelvis are taken as one body, so that ``hip_flexion`` is the same hip angle as in the curves and
    the pose comes out right. ``pelvis_tx`` and ``pelvis_ty`` (m) are added when there is a scale.

    Returns
    -------
    dict of str to bytes
        File name → content, one for each pass.

    Raises
    ------
    InputError
        Without the landmarks.

    References
    ----------
    Rajagopal et al. 2016, IEEE Trans Biomed Eng 63:2068. Seth et al. 2018, PLoS Comput Biol 14:e1006223.
    """
    motion = needs_motion(job, "a MOT file")
    passes = place_passes(motion, job.metres_per_leg or 1.0)
    files = {}
    for placed in passes:
        name = pass_name(job.stem, placed.number, len(passes), "mot")
        columns = _columns(motion, placed, with_travel=job.metres_per_leg is not None)
        files[name] = _mot(columns, name.removesuffix(".mot"), (*NOTES, scale_sentence(job)))
    return files


def _columns(motion: Kinematics, placed: PlacedPass, *, with_travel: bool) -> dict[str, NDArray[np.float64]]:
    columns = {"time": placed.time_s, "pelvis_tilt": -motion.angles["trunk"][placed.span]}
    if with_travel:
        columns |= {"pelvis_tx": placed.pelvis[:, 0], "pelvis_ty": placed.pelvis[:, 1]}
    for coordinate, angle in COORDINATES:
        for side in ("right", "left"):
            columns[f"{coordinate}_{SIDE_LETTERS[side]}"] = motion.angles[f"{side}_{angle}"][placed.span]
    return columns


def _mot(columns: dict[str, NDArray[np.float64]], name: str, notes: tuple[str, ...]) -> bytes:
    table = np.stack(list(columns.values()), axis=1)
    lines = [
        name,
        "version=1",
        f"nRows={table.shape[0]}",
        f"nColumns={table.shape[1]}",
        "inDegrees=yes",
        "",
        *notes,
        "endheader",
        "\t".join(columns),
        *("\t".join(f"{value:.6f}" for value in row) for row in table),
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")
