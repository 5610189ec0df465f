"""Classifiers of gait: from a threshold that anybody can follow to networks, behind one interface.

A module of this folder that calls `register_model` is a classifier that can be chosen; no list
elsewhere changes.
"""

from gait_core.learn.classifiers.kind import ClassifierKind, classifier, classifiers, load_classifier
from gait_core.learn.classifiers.protocol import Classifier, FitReport, SampleShape

__all__ = [
    "Classifier",
    "ClassifierKind",
    "FitReport",
    "SampleShape",
    "classifier",
    "classifiers",
    "load_classifier",
]
