"""Inputs of the recognition networks: from masks, landmarks and files to aligned sequences with known quality."""

from gait_core.recognition.inputs.checked import checked_sequence
from gait_core.recognition.inputs.geometry import Geometry
from gait_core.recognition.inputs.quality import REASONS, SequenceQuality
from gait_core.recognition.inputs.sequence import GaitSequence
from gait_core.recognition.inputs.settings import InputSettings

__all__ = ["REASONS", "GaitSequence", "Geometry", "InputSettings", "SequenceQuality", "checked_sequence"]
