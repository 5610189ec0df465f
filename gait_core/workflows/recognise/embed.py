"""Embeds walks with a stored network and stores what comes out: `embed_walks`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gait_core.cache.archive import json_ready
from gait_core.config import DEFAULT_PROFILE, PERSONS, Settings
from gait_core.errors import InputError
from gait_core.learn.backend import training_versions
from gait_core.progress import Reporter
from gait_core.recognition.embedding_sets import EmbeddingWriter, copy_embeddings, load_embeddings, new_embeddings
from gait_core.recognition.inputs.rated import RatedFrames
from gait_core.recognition.model_store import find_model
from gait_core.recognition.networks.settings import NetworkSettings
from gait_core.workflows.recognise.embedding import LEVELS, STAGE, NetworkRun
from gait_core.workflows.recognise.sources import (
    VIEW_CHOICES,
    Outcome,
    SourceReader,
    WalkSource,
    find_sources,
    input_settings,
)
from gait_core.workspace import Workspace

__all__ = ["EmbedRequest", "WalkOptions", "embed_walks"]


@dataclass(frozen=True, kw_only=True)
class WalkOptions(Settings):
    """Which walks are to be embedded, and how; what embedding, enrolling and identifying have in common.

    Attributes
    ----------
    sources : sequence of str
        Videos, array files, and folders of either or of silhouettes.
    model : str or None
        Name of a stored model; None: the only one, or that of the gallery.
    view : {"auto", "side", "front"}
        From where the camera saw the person; ``auto`` as the landmarks show it.
    profile : str
        Performance profile, for videos.
    person : str
        Whom to follow where several people are in view.
    workers : int or None
        Videos at once.
    level : {"conservative", "balanced", "aggressive"}
        Optimisation level; the first keeps float32, so that embeddings made at different times or on different
        machines agree.
    strict : bool
        Keep float32 at every level.
    """

    sources: Sequence[str] = ()
    model: str | None = None
    view: str = "auto"
    profile: str = DEFAULT_PROFILE
    person: str = PERSONS[0]
    workers: int | None = None
    level: str = LEVELS[0]
    strict: bool = False

    _ranges = {"workers": (1, 64)}
    _choices = {"view": VIEW_CHOICES, "person": PERSONS, "level": LEVELS, "strict": (False, True)}

    def reader(self, network: NetworkSettings, workspace: Workspace, reporter: Reporter) -> SourceReader:
        """Return what reads these walks with all that a network takes of them."""
        return SourceReader(
            workspace,
            input_settings(network),
            reporter,
            profile=self.profile,
            person=self.person,
            workers=self.workers,
        )


@dataclass(frozen=True, kw_only=True)
class EmbedRequest(WalkOptions):
    """What `embed_walks` is to do.

    Attributes
    ----------
    out : str or None
        ``.npz`` file that also receives the embeddings, with the manifest beside it.
    previews : bool
        Draw the frames of each walk that were kept and dropped.
    """

    out: str | None = None
    previews: bool = True

    _choices = {**WalkOptions._choices, "previews": (False, True)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.out is not None and Path(self.out).suffix != ".npz":
            raise InputError(f"Expected a name ending in .npz, but got {Path(self.out).name}.", "Name such a file.")


def embed_walks(
    request: EmbedRequest,
    workspace: Workspace,
    reporter: Reporter,
    *,
    arrays: Sequence[NDArray[Any]] = (),
) -> dict[str, Any]:
    """Embed walks.

    Parameters
    ----------
    request : EmbedRequest
    workspace : Workspace
    reporter : Reporter
        Stages ``model`` and ``embed``.
    arrays : sequence of ndarray, shape (frames, height, width)
        Silhouettes in memory, after those that are named.

    Returns
    -------
    dict
        ``walks``: one entry per walk, in order: ``view``, ``frames``, ``quality`` {frames, kept, dropped, counts per
        reason, longest_run, score}, ``warnings``, ``row`` in the file, ``map`` (two coordinates); a walk without a
        usable frame has ``error``, and the others continue. ``embeddings_id``, ``model``, ``device``, ``artefacts``,
        ``timing_s``.

    Raises
    ------
    InputError
        When nothing is found, or there are several models and none is named.
    NotFoundError, ModelError
        When there is no such model, or it is damaged.
    Cancelled
        When the user stopped the work; nothing is stored.
    """
    sources = find_sources([*request.sources, *arrays])
    model = find_model(workspace, request.model)
    settings = input_settings(model.settings)
    reader = request.reader(model.settings, workspace, reporter)
    walks: list[dict[str, Any]] = []
    with new_embeddings(workspace, model.settings.parts) as (set_id, writer):
        with (
            reporter.stage(STAGE, f"Embedding {len(sources)} walks with {model.title}"),
            NetworkRun(model, reporter, level=request.level, strict=request.strict) as run,
        ):
            rated = reader.read(sources)
            if request.previews:
                rated = _with_previews(rated, writer)
            for walk in run.embed(rated, view=request.view):
                entry = walk.to_dict()
                if walk.embedding is not None:
                    entry |= {"row": writer.add(walk.embedding), "content_sha256": reader.content_of(walk.source)}
                walks.append(entry)
                reporter.progress(STAGE, len(walks), len(sources), "walks")
        facts = {
            "id": set_id,
            "created_s": time.time(),
            "model": model.to_dict(),
            "input_settings": settings.to_dict(),
            "input_digest": settings.digest(),
            "device": run.device,
            "batches": run.statistics,
            "request": {} if arrays else _again(request, model.name),
            "versions": training_versions(),
        }
        writer.finish(facts, walks)
    stored = load_embeddings(workspace, set_id)
    if request.out is not None:
        copy_embeddings(stored, Path(request.out))
    return {
        "embeddings_id": set_id,
        "model": model.to_dict(),
        "device": run.device,
        "batches": run.statistics,
        "walks": _with_preview_paths(stored.walks, stored.folder),
        "map_explained": stored.manifest["map_explained"],
        "artefacts": {
            "embeddings": str(request.out or stored.folder / "embeddings.npz"),
            "manifest": str(Path(request.out).with_suffix(".json") if request.out else stored.folder / "manifest.json"),
            "folder": str(stored.folder),
        },
        "timing_s": reporter.timing_s,
    }


def _again(request: EmbedRequest, model: str) -> dict[str, Any]:
    """Return the request that gives the same set again, whatever other models are added and wherever it is run."""
    sources = tuple(str(Path(source).absolute()) for source in request.sources)
    found: dict[str, Any] = json_ready(request.with_(sources=sources, model=model).to_dict())
    return found


def _with_previews(
    walks: Iterator[tuple[WalkSource, Outcome]], writer: EmbeddingWriter
) -> Iterator[tuple[WalkSource, Outcome]]:
    for number, (source, outcome) in enumerate(walks):
        if isinstance(outcome, RatedFrames):
            writer.preview(number, outcome)
        yield source, outcome


def _with_preview_paths(walks: Sequence[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Return the entries with the place of their previews; the manifest holds none, so that a set can be moved."""
    paths = [folder / "previews" / f"{number}.png" for number in range(len(walks))]
    return [{**walk, "preview": str(path)} if path.is_file() else walk for walk, path in zip(walks, paths, strict=True)]
