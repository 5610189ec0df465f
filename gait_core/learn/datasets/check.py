"""Checks a dataset before hours are spent on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gait_core.learn.datasets.dataset import Dataset, Reading
from gait_core.learn.datasets.give_away import fact_problems, sample_problems
from gait_core.learn.datasets.problems import SEVERITIES, Problem, alike_names, errors_of, listed
from gait_core.learn.datasets.samples import Samples
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["DatasetReport", "check_dataset"]

_FEWEST_CLASSES: Final = 2
_FEWEST_SUBJECTS: Final = 2


@dataclass(frozen=True, kw_only=True)
class DatasetReport:
    """What a check found.

    Attributes
    ----------
    name, kind, path : str
    folds : int
        For which it was checked.
    rows, walks, subjects : mapping of str to int
        Of each class, of what can be learned from.
    row_kind : str
        ``curves``, ``windows``, ``parameters`` or ``clips``; empty when there is no row.
    shape : tuple of int
        Steps (of clips, frames) and channels of the longest row.
    channels, covariates : tuple of str
    problems : tuple of Problem
        Errors first.
    """

    name: str
    kind: str
    path: str
    folds: int
    rows: Mapping[str, int]
    walks: Mapping[str, int]
    subjects: Mapping[str, int]
    row_kind: str
    shape: tuple[int, int]
    channels: tuple[str, ...]
    covariates: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What stops a training."""
        return errors_of(self.problems)

    @property
    def usable(self) -> bool:
        """Whether a training may begin."""
        return not self.errors

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        lists = {name: list(getattr(self, name)) for name in ("shape", "channels", "covariates")}
        counts = {name: dict(getattr(self, name)) for name in ("rows", "walks", "subjects")}
        return {
            **vars(self),
            **lists,
            **counts,
            "usable": self.usable,
            "problems": [problem.to_dict() for problem in self.problems],
        }


def check_dataset(
    dataset: Dataset,
    folds: int = 5,
    workspace: Workspace | None = None,
    reporter: Reporter | None = None,
) -> DatasetReport:
    """Check a dataset for what would spoil a training, or its result.

    Videos are read; what is found stays in the cache, so that a training afterwards decodes none of them.

    Parameters
    ----------
    dataset : Dataset
    folds : int
        Folds of the cross-validation that is planned, at least 2.
    workspace : Workspace, optional
    reporter : Reporter, optional

    Returns
    -------
    DatasetReport

    Raises
    ------
    InputError
        When a setting names what the dataset does not have.
    Cancelled
        When the user stopped the work.
    """
    reading = dataset.read(None, workspace, reporter)
    problems = [*dataset.problems, *_label_problems(dataset)]
    if reading.samples is not None:
        problems += _count_problems(reading.samples, folds)
        problems += _same_rows(reading.samples)
        if len(reading.samples.classes) >= _FEWEST_CLASSES:
            problems += sample_problems(reading.samples)
    stored = sorted({label for _, label in dataset.labelled})
    problems += fact_problems((*dataset.facts, *reading.facts), stored)
    return _report(dataset, folds, reading, sorted(problems, key=lambda problem: SEVERITIES.index(problem.severity)))


def _report(dataset: Dataset, folds: int, reading: Reading, problems: list[Problem]) -> DatasetReport:
    samples = reading.samples
    return DatasetReport(
        name=dataset.name,
        kind=dataset.kind,
        path=str(dataset.path),
        folds=folds,
        rows=_counts(samples, None),
        walks=_counts(samples, "walks"),
        subjects=_counts(samples, "subjects"),
        row_kind=samples.kind if samples is not None else "",
        shape=(samples.longest, len(samples.channels)) if samples is not None else (0, 0),
        channels=samples.channels if samples is not None else (),
        covariates=tuple(dataset.covariates),
        problems=tuple(problems),
    )


def _counts(samples: Samples | None, name: str | None) -> dict[str, int]:
    """Return the number of rows, or of different walks or subjects, of each class."""
    if samples is None:
        return {}
    found = {}
    for number, label in enumerate(samples.classes):
        own = samples.labels == number
        found[label] = int(own.sum()) if name is None else len(set(getattr(samples, name)[own].tolist()))
    return found


def _label_problems(dataset: Dataset) -> list[Problem]:
    by_subject: dict[str, set[str]] = {}
    for subject, label in dataset.labelled:
        by_subject.setdefault(subject, set()).add(label)
    several = sorted(subject for subject, labels in by_subject.items() if len(labels) > 1)
    problems = []
    if several:
        allowed = dataset.several_labels
        problems.append(
            Problem(
                code="one_subject_two_labels",
                message=f"{len(several)} subjects have more than one label: {listed(several)}.",
                remedy="All rows of a subject stay on one side of every split."
                if allowed
                else "Correct the label or the subject. If people were measured in several conditions, set "
                "several_labels.",
                severity="note" if allowed else "error",
                items=tuple(several),
            )
        )
    alike_subjects = alike_names(list(by_subject))
    if alike_subjects:
        problems.append(
            Problem(
                code="subjects_alike",
                message=f"Subjects differ in upper and lower case or blanks only: {listed(alike_subjects)}.",
                remedy="Each counts as a person of their own, and may be on both sides of a split. Write each person "
                "in one way; if they are different people, give them names that differ more.",
                severity="warning",
                items=tuple(alike_subjects),
            )
        )
    alike = alike_names(sorted({label for _, label in dataset.labelled}))
    if alike:
        problems.append(
            Problem(
                code="labels_alike",
                message=f"Labels differ in upper and lower case or blanks only: {listed(alike)}.",
                remedy="Spell each class the same way everywhere.",
                items=tuple(alike),
            )
        )
    return problems


def _count_problems(samples: Samples, folds: int) -> list[Problem]:
    subjects = _counts(samples, "subjects")
    there = [label for label, count in subjects.items() if count]
    if len(there) < _FEWEST_CLASSES:
        return [
            Problem(
                code="one_class",
                message=f"Expected at least two classes to tell apart, but got {len(there)}: {listed(there)}.",
                remedy="Add people of another class.",
                items=tuple(there),
            )
        ]
    problems = []
    for label, count in subjects.items():
        if count < _FEWEST_SUBJECTS:
            problems.append(
                Problem(
                    code="one_subject" if count else "no_subject",
                    message=f"Class {label} has {'one subject' if count else 'no subject'} with usable rows: a model "
                    "cannot be tested on anybody it has not learned from.",
                    remedy="Add people of this class, or leave it out.",
                    items=(label,),
                )
            )
        elif count < folds:
            problems.append(
                Problem(
                    code="fewer_subjects_than_folds",
                    message=f"Class {label} has {count} subjects, fewer than {folds} folds.",
                    remedy=f"Use {count} folds, or add people of this class.",
                    items=(label,),
                )
            )
    return problems


def _same_rows(samples: Samples) -> list[Problem]:
    """Find equal rows: under two subjects, one of them is on the wrong side of a split."""
    if samples.kind == "parameters" and len(samples.channels) < 3:
        return []  # few numbers may be equal by chance
    first: dict[bytes, int] = {}
    strangers: list[str] = []
    same: list[str] = []
    for row in range(len(samples)):
        before = first.setdefault(samples.values[row].tobytes(), row)
        if before == row:
            continue
        pair = " = ".join(f"{samples.walks[one]} of {samples.subjects[one]}" for one in (before, row))
        (same if samples.subjects[before] == samples.subjects[row] else strangers).append(pair)
    problems = []
    if strangers:
        problems.append(
            Problem(
                code="same_values_two_subjects",
                message=f"{len(strangers)} rows have exactly the values of another subject: {listed(strangers)}.",
                remedy="One person may be there under two names; correct the subject or delete the copy.",
                items=tuple(strangers),
            )
        )
    if same:
        problems.append(
            Problem(
                code="duplicate_values",
                message=f"{len(same)} rows have exactly the values of another row of the same subject: {listed(same)}.",
                remedy="Delete the copies: they count several times.",
                severity="warning",
                items=tuple(same),
            )
        )
    return problems
