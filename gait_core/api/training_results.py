"""Trained classifiers as objects: a cross-validated run, an evaluation, and what a model says of videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gait_core.api.display import Row, checked_table, data_frame, html_table, new_figure
from gait_core.api.results import WalkResult, WalkResults
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from gait_core.learn.promoted_models import PromotedModel

__all__ = ["ClassifiedWalks", "Evaluation", "TrainingRun", "WalkClass"]

TABLES: Final = ("metrics", "folds")
_COLOUR: Final = "#1f6f78"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrainingRun:
    """A cross-validated classifier, as returned by `train`.

    Attributes
    ----------
    id : str
        Of the run; `evaluate` and `predict` take it.
    workspace : Workspace
    answer : dict
        What `train` prints with ``--json``.
    """

    id: str
    workspace: Workspace
    answer: dict[str, Any] = field(repr=False)

    @property
    def metrics(self) -> dict[str, dict[str, float | None]]:
        """Metric → ``mean``, ``ci_low``, ``ci_high`` over subjects that were held out."""
        return dict(self.answer["metrics"])

    def promote(self, name: str) -> PromotedModel:
        """Let each later `analyse` in the workspace also ask the model of this run; its level stays as it is.

        Parameters
        ----------
        name : str
            Name for it; replaces the promoted model of that name.

        Returns
        -------
        PromotedModel
            Its ``withdraw()`` takes it back.

        Raises
        ------
        InputError
            When the name is empty, or a model of another kind has it.
        NotFoundError
            When the run has no model, as after a control with permuted labels.
        """
        from gait_core.learn.promoted_models import promote_model

        return promote_model(self.workspace, self.id, name)

    def to_dict(self) -> dict[str, Any]:
        """Return what `train` prints with ``--json``.

        Returns
        -------
        dict
        """
        return dict(self.answer)

    def to_dataframe(self, table: str = "metrics") -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        table : {"metrics", "folds"}
            One row per metric with its interval, or one row per fold.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            When there is no such table.
        """
        if checked_table(table, TABLES) == "folds":
            plain = [{k: v for k, v in fold.items() if not isinstance(v, list | dict)} for fold in self.answer["folds"]]
            scores = [{k: _mean(v) for k, v in (fold.get("metrics") or {}).items()} for fold in self.answer["folds"]]
            return data_frame([{**facts, **values} for facts, values in zip(plain, scores, strict=True)])
        return data_frame(_metric_rows(self.metrics))

    def plot(self) -> Figure:
        """Draw every metric with its interval.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return _intervals(self.metrics)

    def __repr__(self) -> str:
        return f"<TrainingRun {self.id}: {_headline(self.metrics)}>"

    def _repr_html_(self) -> str:
        return html_table(f"{self.answer['model']}, run {self.id}", _metric_rows(self.metrics))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Evaluation:
    """A trained classifier evaluated on unseen data, as returned by `evaluate`.

    Attributes
    ----------
    answer : dict
        What `evaluate` prints with ``--json``.
    """

    answer: dict[str, Any] = field(repr=False)

    @property
    def metrics(self) -> dict[str, dict[str, float | None]]:
        """Metric → ``mean``, ``ci_low``, ``ci_high`` of what the model did not abstain from."""
        return dict(self.answer["metrics"])

    @property
    def confusion(self) -> list[list[int]]:
        """Counts by true class (rows) and predicted class (columns), in the order of `classes`."""
        return [list(row) for row in self.answer["confusion"]]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(self.answer["classes"])

    def to_dict(self) -> dict[str, Any]:
        """Return what `evaluate` prints with ``--json``.

        Returns
        -------
        dict
        """
        return dict(self.answer)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per metric with its interval.

        Returns
        -------
        pandas.DataFrame
        """
        return data_frame(_metric_rows(self.metrics))

    def plot(self) -> Figure:
        """Draw every metric with its interval.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return _intervals(self.metrics)

    def __repr__(self) -> str:
        abstained = self.answer["abstained"]
        return f"<Evaluation {_headline(self.metrics)}; abstained from {abstained['count']} of {abstained['of']}>"

    def _repr_html_(self) -> str:
        return html_table(repr(self).strip("<>"), _metric_rows(self.metrics))


class WalkClass(WalkResult):
    """What a classifier says of one video."""

    @property
    def label(self) -> str | None:
        """Name of the class; None where the model abstains.

        Raises
        ------
        GaitError
            What made the video fail.
        """
        found = self._checked()["class"]
        return None if found is None else str(found)

    @property
    def probabilities(self) -> dict[str, float]:
        """Class → probability, also where the model abstains from a label; raises as `label`."""
        return dict(self._checked()["probabilities"])

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the model abstains; raises as `label`."""
        return tuple(self._checked()["reasons"])

    def _facts(self) -> dict[str, object]:
        return {"walk": self.name, "class": self.label or "abstains", **self.probabilities}


class ClassifiedWalks(WalkResults[WalkClass]):
    """What a classifier says of several videos, one entry per video."""

    _note = "Decision support, not a medical device."

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per video: its class and the probability of each class.

        Returns
        -------
        pandas.DataFrame
        """
        return data_frame([walk._row() for walk in self], ["walk", "class"])


def _mean(value: Any) -> Any:
    return value.get("mean") if isinstance(value, Mapping) else value


def _metric_rows(metrics: Mapping[str, Mapping[str, float | None]]) -> list[Row]:
    return [{"metric": name, **values} for name, values in metrics.items()]


def _headline(metrics: Mapping[str, Mapping[str, float | None]]) -> str:
    found = metrics.get("balanced_accuracy") or {}
    if found.get("mean") is None:
        return "no balanced accuracy"
    interval = f" ({found['ci_low']:.2f} to {found['ci_high']:.2f})" if found.get("ci_low") is not None else ""
    return f"balanced accuracy {found['mean']:.2f}{interval}"


def _intervals(metrics: Mapping[str, Mapping[str, float | None]]) -> Figure:
    figure, (axes,) = new_figure()
    shown = {name: values for name, values in metrics.items() if values.get("mean") is not None}
    for row, values in enumerate(shown.values()):
        numbers = {name: float("nan") if value is None else float(value) for name, value in values.items()}
        axes.plot(numbers["mean"], row, "o", color=_COLOUR)
        axes.plot([numbers["ci_low"], numbers["ci_high"]], [row, row], "-", color=_COLOUR)
    axes.set_yticks(range(len(shown)), [name.replace("_", " ") for name in shown])
    axes.set(xlabel="Value, with 95 % interval over subjects", xlim=(0.0, 1.0))
    return figure
