"""Gait Studio's library: from walking videos to a personal baseline of gait and what changed since.

::

    import gait_core as gait

    baseline = gait.create_baseline("walks/first", subject="P014")
    analysed = gait.analyse("walks/later", baseline)
    analysed.to_dataframe()

Every public name is loaded when it is first used: the import itself takes no time.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature

    from gait_core.api import (
        AnalysedWalks,
        Baseline,
        ClassifiedWalks,
        ComparedProfiles,
        ComparedRuns,
        EmbeddedWalks,
        EnrolledWalks,
        Evaluation,
        ExtractedWalks,
        GaitError,
        IdentifiedWalks,
        MeasuredWalks,
        Profile,
        Reporter,
        TrainingRun,
        Validation,
        WalkAnalysis,
        WalkClass,
        WalkEmbedding,
        WalkEnrolment,
        WalkIdentity,
        WalkLandmarks,
        WalkMeasurement,
        Workspace,
        analyse,
        compare_profiles,
        compare_runs,
        create_baseline,
        embed,
        enrol,
        evaluate,
        extract,
        identify,
        measure,
        predict,
        simulate,
        train,
        validate,
    )

__version__ = "0.1.0"

__all__ = [
    "AnalysedWalks",
    "Baseline",
    "ClassifiedWalks",
    "ComparedProfiles",
    "ComparedRuns",
    "EmbeddedWalks",
    "EnrolledWalks",
    "Evaluation",
    "ExtractedWalks",
    "GaitError",
    "IdentifiedWalks",
    "MeasuredWalks",
    "Profile",
    "Reporter",
    "TrainingRun",
    "Validation",
    "WalkAnalysis",
    "WalkClass",
    "WalkEmbedding",
    "WalkEnrolment",
    "WalkIdentity",
    "WalkLandmarks",
    "WalkMeasurement",
    "Workspace",
    "__version__",
    "analyse",
    "compare_profiles",
    "compare_runs",
    "create_baseline",
    "embed",
    "enrol",
    "evaluate",
    "extract",
    "identify",
    "measure",
    "predict",
    "simulate",
    "train",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "simulate":
        return import_module("gait_core.simulate")
    value = getattr(import_module("gait_core.api"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _CallablePackage(ModuleType):
    """A subpackage that has the name of a public function, and can be called like it."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._function(*arguments, **options)

    @property
    def __signature__(self) -> Signature:
        from inspect import signature

        return signature(self._function)

    @property
    def _function(self) -> Callable[..., Any]:
        function: Callable[..., Any] = getattr(import_module("gait_core.api"), self.__name__.rpartition(".")[2])
        return function


class _Package(ModuleType):
    """Makes `gait_core.simulate` both: the subpackage, which importing sets here, and the function."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in __all__ and isinstance(value, ModuleType):
            value.__class__ = _CallablePackage
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
