"""Frozen settings, the three profiles, and a stable digest of both.

A setting that changes a result belongs to the digest of the stage that it changes, and to no
other: the address of cached keypoints holds `PoseSettings`, that of features adds
`FeatureSettings`.
"""

from gait_core.config.base import Settings, digest_of
from gait_core.config.profiles import DEFAULT_PROFILE, PROFILES, Limits, Profile
from gait_core.config.settings import (
    DECODINGS,
    EVENT_METHODS,
    PERSONS,
    PRECISIONS,
    FeatureSettings,
    MeasureSettings,
    PoseSettings,
    ThresholdSettings,
)
from gait_core.config.user_profiles import load_profiles, profile_named

__all__ = [
    "DECODINGS",
    "DEFAULT_PROFILE",
    "EVENT_METHODS",
    "PERSONS",
    "PRECISIONS",
    "PROFILES",
    "FeatureSettings",
    "Limits",
    "MeasureSettings",
    "PoseSettings",
    "Profile",
    "Settings",
    "ThresholdSettings",
    "digest_of",
    "load_profiles",
    "profile_named",
]
