"""How C3D files name contexts, events, angles and analysis parameters; the reader and the writer share it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gait_core.gait.events.gait_events import FOOT_OFF, INITIAL_CONTACT

__all__ = ["ANALYSIS_NAMES", "ANGLE_LABELS", "CONTEXTS", "EVENT_LABELS", "OWN_GROUP"]

CONTEXTS: Final[Mapping[str, str]] = {"left": "Left", "right": "Right", "both": "General"}
EVENT_LABELS: Final[Mapping[str, str]] = {INITIAL_CONTACT: "Foot Strike", FOOT_OFF: "Foot Off"}
ANGLE_LABELS: Final[Mapping[str, str]] = {"hip_to_trunk": "HipAngles", "knee": "KneeAngles", "ankle": "AnkleAngles"}
"""Our angle → Plug-in Gait's name without the letter of the side; the first component is flexion."""

OWN_GROUP: Final = "GAIT_STUDIO"
"""Group of parameters that only Gait Studio writes."""
ANALYSIS_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "cadence_spm": ("Cadence", "steps/min"),
    "walking_speed_mps": ("Walking Speed", "m/s"),
    "stride_time_s": ("Stride Time", "s"),
    "step_time_s": ("Step Time", "s"),
    "stance_pct": ("Foot Off", "%"),
    "single_support_s": ("Single Support", "s"),
    "double_support_s": ("Double Support", "s"),
    "stride_length_m": ("Stride Length", "m"),
    "step_length_m": ("Step Length", "m"),
}
"""Our parameter → its name and unit in the file. Foot off as a share of the cycle is the end of stance."""
