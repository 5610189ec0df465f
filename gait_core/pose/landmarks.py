"""MediaPipe's 33 landmarks, their left/right symmetry and the bones between them."""

from __future__ import annotations

from typing import Final

__all__ = ["BONES", "INDEX", "LANDMARKS", "LEFT", "MIRROR", "RIGHT"]

LANDMARKS: Final[tuple[str, ...]] = (
    "nose",
    "left_eye_inner",
    "left_eye",
    "left_eye_outer",
    "right_eye_inner",
    "right_eye",
    "right_eye_outer",
    "left_ear",
    "right_ear",
    "mouth_left",
    "mouth_right",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_pinky",
    "right_pinky",
    "left_index",
    "right_index",
    "left_thumb",
    "right_thumb",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
    "left_heel",
    "right_heel",
    "left_foot_index",
    "right_foot_index",
)
"""Names in the order of the model's output; ``foot_index`` is the tip of the foot."""

INDEX: Final[dict[str, int]] = {name: number for number, name in enumerate(LANDMARKS)}
"""Name → row."""


def _twin(name: str) -> str:
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


MIRROR: Final[tuple[int, ...]] = tuple(INDEX[_twin(name)] for name in LANDMARKS)
"""Row of the same landmark on the other side of the body; the nose is its own."""

LEFT: Final[tuple[int, ...]] = tuple(i for i, name in enumerate(LANDMARKS) if "left" in name)
RIGHT: Final[tuple[int, ...]] = tuple(MIRROR[i] for i in LEFT)

BONES: Final[tuple[tuple[int, int], ...]] = tuple(
    (INDEX[a], INDEX[b])
    for a, b in (
        ("left_shoulder", "right_shoulder"),
        ("left_hip", "right_hip"),
        *(
            (f"{side}_{a}", f"{side}_{b}")
            for side in ("left", "right")
            for a, b in (
                ("shoulder", "elbow"),
                ("elbow", "wrist"),
                ("shoulder", "hip"),
                ("hip", "knee"),
                ("knee", "ankle"),
                ("ankle", "heel"),
                ("heel", "foot_index"),
                ("ankle", "foot_index"),
            )
        ),
    )
)
"""Pairs of rows that an overlay joins by a line."""
