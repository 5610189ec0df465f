"""The public face of Gait Studio, used as ``import gait_core as gait``.

These functions do what the commands do, with the same defaults and the same numbers: `extract`, `measure`,
`create_baseline`, `analyse`, `compare_profiles`, `validate`; `train`, `compare_runs`, `evaluate` and `predict` for
classifiers; `embed`, `enrol` and `identify` for recognition; and `simulate` for walks with a known truth. Each takes
paths as `str` or `Path`, and works in the default `Workspace` unless it is given another one.

Results are objects. Each shows itself as a table in a notebook and has `to_dataframe` (pandas, units in the names of
the columns), `plot` (a Matplotlib figure that needs no display) and `to_dict` (what the command prints with
``--json``).
Several videos give a sequence with one entry per video, in order; a video that failed is an entry with its `error`.

Whatever goes wrong raises a `GaitError` that says what was expected, what came, and what to do.
"""

from __future__ import annotations

from gait_core.api.analysed import AnalysedWalks, WalkAnalysis
from gait_core.api.baselines import Baseline
from gait_core.api.compared import ComparedProfiles, compare_profiles
from gait_core.api.compared_runs import ComparedRuns, compare_runs
from gait_core.api.landmarks import ExtractedWalks, WalkLandmarks
from gait_core.api.measured import MeasuredWalks, WalkMeasurement
from gait_core.api.person import analyse, create_baseline
from gait_core.api.recognised import (
    EmbeddedWalks,
    EnrolledWalks,
    IdentifiedWalks,
    WalkEmbedding,
    WalkEnrolment,
    WalkIdentity,
)
from gait_core.api.recognition import embed, enrol, identify
from gait_core.api.trained import evaluate, predict, train
from gait_core.api.training_results import ClassifiedWalks, Evaluation, TrainingRun, WalkClass
from gait_core.api.validated import Validation, validate
from gait_core.api.walks import extract, measure, simulate
from gait_core.config import Profile
from gait_core.errors import GaitError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

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
