"""A baseline as an object: what it was made from, its limits, and how its own walks score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gait_core.api.analysed import draw_limits
from gait_core.api.display import COLOURS, Row, data_frame, html_table, new_figure
from gait_core.api.inputs import PathLike, workspace_of
from gait_core.baseline.store import StoredBaseline, load_baseline
from gait_core.baseline.thresholds import level_of
from gait_core.errors import GaitError
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Baseline"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Baseline:
    """What was learned from the walks of one person.

    Returned by `create_baseline`; `Baseline.load` opens a stored one; `analyse` takes it.

    Attributes
    ----------
    id : str
        Identifier under which it is stored.
    workspace : Workspace
        Where it is stored.
    answer : mapping
        What `baseline create --json` prints.
    """

    id: str
    workspace: Workspace
    answer: Mapping[str, Any] = field(repr=False)

    @classmethod
    def load(cls, baseline_id: str, *, workspace: Workspace | PathLike | None = None) -> Self:
        """Open a stored baseline.

        Parameters
        ----------
        baseline_id : str
        workspace : Workspace or path-like, optional

        Returns
        -------
        Baseline

        Raises
        ------
        NotFoundError, StorageError
            When there is none of that name, or it is damaged.
        """
        space = workspace_of(workspace)
        return cls(id=baseline_id, workspace=space, answer=_answer(load_baseline(space, baseline_id)))

    @cached_property
    def stored(self) -> StoredBaseline:
        """Manifest, calibration, limits and the scores of its own walks."""
        return load_baseline(self.workspace, self.id)

    @property
    def subject(self) -> str:
        """Pseudonym of the person."""
        return str(self.answer["subject"])

    @property
    def watch(self) -> float:
        """Lowest score at which a walk gets the level watch."""
        return float(self.answer["thresholds"]["watch"])

    @property
    def alert(self) -> float:
        """Lowest score at which a walk gets the level alert."""
        return float(self.answer["thresholds"]["alert"])

    def to_dict(self) -> dict[str, Any]:
        """Return what `baseline create` prints with ``--json``.

        Returns
        -------
        dict
        """
        return dict(self.answer)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per video that was given, those left out among them.

        Returns
        -------
        pandas.DataFrame
            ``score``: of the walk against a model of the others, 1 is usual; ``level``: what that score would mean.
        """
        return data_frame([self._row(walk) for walk in self.answer["walks"]], ("walk", "used", "level", "score"))

    def plot(self) -> Figure:
        """Draw the scores of the person's own walks, each held out in turn, with the limits.

        Returns
        -------
        matplotlib.figure.Figure
        """
        validation = self.stored.validation
        figure, (axes,) = new_figure()
        axes.plot(range(len(validation.walk_names)), validation.walk_scores, "o", color=COLOURS["normal"])
        draw_limits(axes, dict(self.answer["thresholds"]))
        axes.set_xticks(range(len(validation.walk_names)), validation.walk_names, rotation=30, ha="right")
        axes.set(xlabel="Walk of the baseline", ylabel="Score, held out (1 = usual for this person)", ylim=(0, None))
        axes.set_title(f"Baseline of {self.subject}")
        return figure

    def export(self, folder: PathLike) -> tuple[Path, ...]:
        """Copy the artefacts into a folder, the model as ``.h5`` too.

        Parameters
        ----------
        folder : path-like

        Returns
        -------
        tuple of Path

        Raises
        ------
        GaitError
            When the baseline is gone or the folder cannot be written.
        """
        from gait_core.baseline.export import export_baseline

        return tuple(export_baseline(self.workspace, self.id, Path(folder).expanduser()))

    def _row(self, walk: Mapping[str, Any]) -> Row:
        score = walk.get("score")
        return {
            "walk": Path(walk["path"]).name,
            "used": bool(walk.get("used", True)),
            "level": "" if score is None else level_of(float(score), self.stored.thresholds),
            "score": score,
            "frames": walk.get("frames"),
            "detection_rate": walk.get("detection_rate"),
            "duration_s": walk.get("duration_s"),
            "visible_side": walk.get("visible_side"),
            "remark": _remark(walk),
            "path": str(walk["path"]),
        }

    def _used(self) -> int:
        return sum(bool(walk.get("used", True)) for walk in self.answer["walks"])

    def __repr__(self) -> str:
        return (
            f"<Baseline {self.id} of {self.subject!r}: {self._used()} of {len(self.answer['walks'])} walks used, "
            f"watch from {self.watch:.2f}, alert from {self.alert:.2f}>"
        )

    def _repr_html_(self) -> str:
        rows = [
            {
                "walk": Path(walk["path"]).name,
                "used": bool(walk.get("used", True)),
                "score": walk.get("score"),
                "remark": _remark(walk),
            }
            for walk in self.answer["walks"]
        ]
        title = f"Baseline of {self.subject}: watch from {self.watch:.2f}, alert from {self.alert:.2f}"
        return html_table(title, rows, "Decision support, not a medical device.")


def _remark(walk: Mapping[str, Any]) -> str:
    """Return why a video was left out, or what makes it doubtful."""
    error = walk.get("error")
    if error:
        return str(GaitError.from_dict(error))
    return " ".join(str(warning["message"]) for warning in walk.get("warnings", ()))


def _answer(stored: StoredBaseline) -> dict[str, Any]:
    from gait_core.baseline.save import ARTEFACTS

    manifest = stored.manifest
    thresholds = stored.thresholds.to_dict()
    thresholds.pop("settings", None)
    return {
        "baseline_id": stored.id,
        "subject": stored.subject,
        "walks": manifest.all_walks,
        "timing_s": manifest.timing_s,
        "training": manifest.training.to_dict(),
        "thresholds": thresholds,
        "artefacts": {name: str(stored.folder / file) for name, file in ARTEFACTS.items()},
    }
