"""The models of this package, for `gait_core.learn.registry`: each registers itself when it is imported."""

from gait_core.learn import autoencoder, classifiers
from gait_core.runtime.discovery import import_members

__all__ = ["autoencoder", "classifiers"]

import_members(classifiers)
