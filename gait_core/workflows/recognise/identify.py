"""Says whose walks these are, or that no enrolled person walks like that: `identify_walks`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from gait_core.cache.archive import json_ready
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.recognition.gallery.distances import METRICS, Metric
from gait_core.recognition.gallery.entries import GalleryEntry, ModelIdentity
from gait_core.recognition.gallery.identify import identify
from gait_core.recognition.gallery.threshold import AIM, Calibration, NotCalibrated, calibrate_threshold
from gait_core.recognition.model_store import find_model
from gait_core.workflows.recognise.embed import WalkOptions
from gait_core.workflows.recognise.embedding import STAGE, EmbeddedWalk, NetworkRun
from gait_core.workflows.recognise.galleries import find_gallery
from gait_core.workflows.recognise.sources import find_sources
from gait_core.workspace import Workspace

__all__ = ["IdentifyRequest", "identify_walks"]


@dataclass(frozen=True, kw_only=True)
class IdentifyRequest(WalkOptions):
    """Which walks are to be compared with which gallery.

    Attributes
    ----------
    gallery : str
        Identifier or name.
    k : int
        People listed per walk, the nearest first.
    metric : {"euc", "cos"}
    aim : float
        Share of strangers' walks that may be accepted, see `calibrate_threshold`.
    """

    gallery: str = ""
    k: int = 5
    metric: str = "euc"
    aim: float = AIM

    _ranges = {**WalkOptions._ranges, "k": (1, 1000), "aim": (0.001, 0.5)}
    _choices = {**WalkOptions._choices, "metric": METRICS}


def identify_walks(
    request: IdentifyRequest, workspace: Workspace, reporter: Reporter, *, arrays: Sequence[NDArray[Any]] = ()
) -> dict[str, Any]:
    """Compare walks with the people of a gallery.

    Parameters
    ----------
    request : IdentifyRequest
    workspace : Workspace
    reporter : Reporter
        Stage ``embed``.
    arrays : sequence of ndarray, shape (frames, height, width)
        Silhouettes in memory, after the walks that are named.

    Returns
    -------
    dict
        ``walks``: one entry per walk as of `embed_walks`, with ``outcome`` (``accepted``, ``rejected``,
        ``not_calibrated``, ``other_view`` or ``only_itself``), ``subject`` (None unless accepted), ``matches`` [nearest
        first], ``threshold``, ``sentence``; one that cannot be used has ``error``. ``gallery``, ``model``, ``device``,
        ``timing_s``.

    Raises
    ------
    InputError
        When no person is enrolled, or only with other models.
    NotFoundError, StorageError
        When there is no such gallery or model, or the gallery is damaged.
    """
    sources = find_sources([*request.sources, *arrays])
    gallery = find_gallery(workspace, request.gallery)
    entries = gallery.entries()
    if not entries:
        raise InputError(
            f"Expected enrolled people, but the gallery {request.gallery} is empty.", "Enrol a person first."
        )
    model = find_model(workspace, request.model, digests=frozenset(entry.record.model_digest for entry in entries))
    reader = request.reader(model.settings, workspace, reporter)
    comparison = _Comparison(entries, model.identity, request)
    walks: list[dict[str, Any]] = []
    with (
        reporter.stage(STAGE, f"Comparing {len(sources)} walks with {len(entries)} enrolled ones"),
        NetworkRun(model, reporter, level=request.level, strict=request.strict) as run,
    ):
        for walk in run.embed(reader.read(sources), view=request.view):
            walks.append(comparison.entry(walk))
            reporter.progress(STAGE, len(walks), len(sources), "walks")
    return {
        "gallery": {"id": gallery.id, "name": gallery.summary().name, "entries": len(entries)},
        "model": model.to_dict(),
        "device": run.device,
        "walks": walks,
        "timing_s": reporter.timing_s,
    }


class _Comparison:
    """Compares walks with one gallery; the limit of each view is calibrated once."""

    def __init__(self, entries: Sequence[GalleryEntry], model: ModelIdentity, request: IdentifyRequest) -> None:
        self._entries, self._model, self._request = entries, model, request
        self._metric: Metric = "cos" if request.metric == "cos" else "euc"
        self._limits: dict[str, Calibration | NotCalibrated] = {}

    def entry(self, walk: EmbeddedWalk) -> dict[str, Any]:
        """Return what is reported of a walk."""
        known = walk.to_dict()
        if walk.embedding is None:
            return {**known, "outcome": None, "subject": None, "matches": []}
        found = identify(
            self._entries,
            walk.embedding,
            walk.view,
            self._request.k,
            model=self._model,
            metric=self._metric,
            calibration=self._limit(walk.view),
        )
        answer: dict[str, Any] = json_ready({**known, **found.to_dict()})
        return answer

    def _limit(self, view: str) -> Calibration | NotCalibrated:
        if view not in self._limits:
            self._limits[view] = calibrate_threshold(
                self._entries, self._model, view, metric=self._metric, aim=self._request.aim
            )
        return self._limits[view]
