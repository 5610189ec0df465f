"""Walks as embeddings, enrolled, and identified: what `embed`, `enrol` and `identify` return."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from gait_core.api.display import Row, checked_table, data_frame, new_figure
from gait_core.api.inputs import PathLike, workspace_of
from gait_core.api.results import WalkResult, WalkResults
from gait_core.phrases import percent
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from gait_core.recognition.embedding_sets import EmbeddingSet

__all__ = ["EmbeddedWalks", "EnrolledWalks", "IdentifiedWalks", "WalkEmbedding", "WalkEnrolment", "WalkIdentity"]

TABLES: Final = ("walks", "matches")
_COLOUR: Final = "#1f6f78"


class _RecognisedWalk(WalkResult):
    """What the three have in common: frames, view and quality."""

    @property
    def name(self) -> str:
        """Name of the video or of the silhouettes."""
        return str(self.answer["name"])

    @property
    def view(self) -> str:
        """``side``, ``front`` or ``unknown``."""
        return str(self.answer["view"])

    @property
    def frames(self) -> int:
        """Frames that were good enough."""
        return int(self.answer["frames"])

    @property
    def dropped(self) -> dict[str, int]:
        """Reason → number of frames that were dropped for it; a frame may have several reasons."""
        return dict((self.answer.get("quality") or {}).get("counts", {}))

    @property
    def preview(self) -> Path | None:
        """Image of the frames that were kept and dropped, where one was drawn."""
        path = self.answer.get("preview")
        return None if path is None else Path(path)

    def _facts(self) -> dict[str, object]:
        quality = self.answer.get("quality") or {}
        return {"walk": self.name, "view": self.view, "frames": self.frames, "quality": quality.get("score")}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WalkEmbedding(_RecognisedWalk):
    """One walk as an embedding.

    Attributes
    ----------
    set_id : str
        The stored set that holds it.
    """

    set_id: str = ""

    @property
    def parts(self) -> NDArray[np.float32]:
        """The embedding as the network gives it, shape (256, parts); raises the error of a walk that failed."""
        import numpy as np

        row: int = self._checked()["row"]
        return np.asarray(_stored(self.workspace, self.set_id).parts()[row])

    @property
    def vector(self) -> NDArray[np.float32]:
        """The same at length 1, flat; raises the error of a walk that failed."""
        import numpy as np

        row: int = self._checked()["row"]
        return np.asarray(_stored(self.workspace, self.set_id).vectors()[row])


class EmbeddedWalks(WalkResults[WalkEmbedding]):
    """Embeddings of walks, as returned by `embed`."""

    def __init__(self, answer: dict[str, Any], workspace: Workspace) -> None:
        self.id = str(answer["embeddings_id"])
        self.workspace = workspace
        entries = [WalkEmbedding(answer=walk, workspace=workspace, set_id=self.id) for walk in answer["walks"]]
        super().__init__(entries, answer)

    @classmethod
    def load(cls, set_id: str, *, workspace: Workspace | PathLike | None = None) -> Self:
        """Open a stored set of embeddings.

        Parameters
        ----------
        set_id : str
        workspace : Workspace or path-like, optional

        Returns
        -------
        EmbeddedWalks

        Raises
        ------
        NotFoundError, StorageError
            When there is none of that name, or it is damaged.
        """
        space = workspace_of(workspace)
        stored = _stored(space, set_id)
        return cls({**stored.manifest, "embeddings_id": set_id, "walks": stored.walks}, space)

    @cached_property
    def vectors(self) -> NDArray[np.float32]:
        """Embeddings at length 1, shape (n, features); walks that failed have none, see ``row`` in the table."""
        return _stored(self.workspace, self.id).vectors()

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per walk: its quality, its row among the vectors, and its place on the map.

        Returns
        -------
        pandas.DataFrame
        """
        rows: list[Row] = []
        for entry in self:
            x, y = entry.answer.get("map", (None, None))
            place = {"row": entry.answer.get("row"), "map_x": x, "map_y": y}
            rows.append({**entry._row(), **_quality(entry), **place})
        return data_frame(rows, ("walk", "view", "frames"))

    def plot(self) -> Figure:
        """Draw the walks on a plane: close together where their embeddings are alike.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure, (axes,) = new_figure(width_in=5.0, height_in=5.0)
        for entry in self:
            if "map" in entry.answer:
                x, y = entry.answer["map"]
                axes.plot(x, y, "o", color=_COLOUR)
                axes.annotate(entry.name, (x, y), xytext=(4, 4), textcoords="offset points", fontsize=8)
        shown = self._answer.get("map_explained")
        axes.set_xlabel("First component" + ("" if shown is None else f" (both show {percent(shown)} of the variance)"))
        axes.set_ylabel("Second component")
        return figure


class WalkEnrolment(_RecognisedWalk):
    """One walk that was enrolled, or why it was not."""

    @property
    def entry_id(self) -> str:
        """Identifier of the entry in the gallery; empty for a walk that was not enrolled."""
        return str(self.answer.get("entry_id") or "")

    def _facts(self) -> dict[str, object]:
        return {**super()._facts(), "entry": self.entry_id}


class EnrolledWalks(WalkResults[WalkEnrolment]):
    """Walks of one person in a gallery, as returned by `enrol`."""

    @property
    def subject(self) -> str:
        """Pseudonym of the person."""
        return str(self._answer["subject"])

    @property
    def gallery(self) -> str:
        """Identifier of the gallery, which `identify` takes; empty where no walk could be used."""
        return str((self._answer["gallery"] or {}).get("id", ""))

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row per walk with its quality and the identifier of its entry.

        Returns
        -------
        pandas.DataFrame
        """
        return data_frame([{**entry._row(), **_quality(entry)} for entry in self], ("walk", "view", "frames"))

    def plot(self) -> Figure:
        """Draw the quality of each walk.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure, (axes,) = new_figure(height_in=1.0 + 0.4 * len(self))
        scores = [(entry.answer.get("quality") or {}).get("score") or 0.0 for entry in self]
        axes.barh([entry.name for entry in self], scores, color=_COLOUR)
        axes.set_xlim(0.0, 1.0)
        axes.set_xlabel("Mean quality of the frames that were kept")
        axes.invert_yaxis()
        return figure


class WalkIdentity(_RecognisedWalk):
    """Whose walk it is, or that this cannot be determined."""

    @property
    def outcome(self) -> str:
        """``accepted``, ``rejected``, ``not_calibrated``, ``other_view`` or ``only_itself``; ``failed`` without one."""
        return str(self.answer.get("outcome") or "failed")

    @property
    def subject(self) -> str | None:
        """The person, where the outcome is ``accepted``."""
        return self.answer.get("subject")

    @property
    def matches(self) -> tuple[dict[str, Any], ...]:
        """Enrolled people, the nearest first: ``subject``, ``best``, ``mean``, ``entries``, ``source``."""
        return tuple(dict(match) for match in self.answer.get("matches", ()))

    @property
    def sentence(self) -> str:
        """The reason, for people; raises the error of a walk that failed."""
        return str(self._checked()["sentence"])

    def _facts(self) -> dict[str, object]:
        nearest = self.matches[0] if self.matches else {}
        return {
            **super()._facts(),
            "outcome": self.outcome,
            "subject": self.subject,
            "nearest": nearest.get("subject"),
            "distance": nearest.get("best"),
        }


class IdentifiedWalks(WalkResults[WalkIdentity]):
    """Walks compared with a gallery, as returned by `identify`."""

    def to_dataframe(self, table: str = "walks") -> pd.DataFrame:
        """Return one table.

        Parameters
        ----------
        table : {"walks", "matches"}
            One row per walk, or one row per walk and enrolled person.

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        InputError
            When there is no such table.
        """
        if checked_table(table, TABLES) == "matches":
            found = [{"walk": entry.name, **match} for entry in self for match in entry.matches]
            return data_frame(found, ("walk", "subject", "best", "mean"))
        return data_frame([entry._row() for entry in self], ("walk", "view", "frames"))

    def plot(self) -> Figure:
        """Draw the distance of each walk to the nearest people, and the limit where there is one.

        Returns
        -------
        matplotlib.figure.Figure
        """
        figure, (axes,) = new_figure(height_in=1.2 + 0.5 * len(self))
        for place, entry in enumerate(self):
            for match in entry.matches:
                axes.plot(match["best"], place, "o", color=_COLOUR)
                axes.annotate(match["subject"], (match["best"], place), xytext=(0, 5), textcoords="offset points")
            limit = entry.answer.get("threshold")
            if limit is not None:
                axes.plot([limit, limit], [place - 0.3, place + 0.3], color="black")
        axes.set_yticks(range(len(self)), [entry.name for entry in self])
        axes.set_xlabel("Distance to the nearest walk of each person (bar: limit)")
        axes.invert_yaxis()
        return figure


def _quality(entry: WalkResult) -> dict[str, object]:
    quality = entry.answer.get("quality") or {}
    return {"frames_seen": quality.get("frames"), "frames_dropped": quality.get("dropped")}


def _stored(workspace: Workspace, set_id: str) -> EmbeddingSet:
    from gait_core.recognition.embedding_sets import load_embeddings

    return load_embeddings(workspace, set_id)
