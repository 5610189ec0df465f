"""Classifiers of gait: from a threshold that anybody can follow to networks, behind one interface.

A module of this folder that calls `register` is a classifier that can be chosen; no list elsewhere changes.
"""

import importlib
import pkgutil

from gait_core.learn.classifiers.protocol import Classifier, FitReport, SampleShape
from gait_core.learn.classifiers.spec import ClassifierSpec, classifier, classifiers, load_classifier, register

__all__ = [
    "Classifier",
    "ClassifierSpec",
    "FitReport",
    "SampleShape",
    "classifier",
    "classifiers",
    "load_classifier",
    "register",
]

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
