"""The recognition networks, for `gait_core.learn.registry`: each registers itself when its module is imported."""

from gait_core.recognition import networks
from gait_core.runtime.discovery import import_members

__all__: list[str] = []

import_members(networks)
