"""What a workspace holds of a person, damaged items and leftovers among it, and what of theirs is not to be deleted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gait_core.cache import ArrayCache
from gait_core.errors import GaitError
from gait_core.pose.extracted import TRACK_KIND
from gait_core.pose.masks import MASKS_KIND
from gait_core.recognition.inputs.from_video import FRAMES_KIND
from gait_core.storage.traces import Traces
from gait_core.video.metadata import MetadataCache
from gait_core.workflows.enrolled_walks import enrolled_entries, sets_of_entries
from gait_core.workflows.subject_marks import Marks, marks_of_deletion, texts_under
from gait_core.workflows.subject_staying import DOCUMENTS, Staying, read_or_none, what_stays
from gait_core.workspace import Workspace, name_id, safe_name

__all__ = ["SubjectItems", "find_items"]

_RECORDS: Final = ("walks", "subjects", "drafts")
"""Collections of JSON files that name the subject."""
_UNNAMED: Final = ("jobs", "comparisons", "embeddings", "validations")
"""Collections of what may be made from walks of several people; all that holds a walk of the person goes."""
_BY_CONTENT: Final = {"comparisons": "comparison.json", "embeddings": "manifest.json"}
_NEEDS_SOURCE: Final = (TRACK_KIND, MASKS_KIND, FRAMES_KIND)
"""Kinds of cached arrays that state which walk they belong to; the others are computed from them again."""


@dataclass(frozen=True, kw_only=True)
class SubjectItems:
    """What a workspace holds of a person.

    Attributes
    ----------
    subject : str
        Pseudonym.
    paths : tuple of Path
        Files and folders to be deleted, what names the person last.
    stays : tuple of Staying
    traces : Traces
        What identifies the person: pseudonym, videos, digests, identifiers.
    marks : Marks
        What the traces were made of.
    """

    subject: str
    paths: tuple[Path, ...]
    stays: tuple[Staying, ...]
    traces: Traces
    marks: Marks

    def counts(self) -> dict[str, int]:
        """Return how many items of each collection are to be deleted, by the names of the collections."""
        found: dict[str, int] = {}
        for path in self.paths:
            found[path.parent.name] = found.get(path.parent.name, 0) + 1
        return found


def find_items(workspace: Workspace, name: str) -> SubjectItems:
    """Find everything of a person; nothing is changed.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Pseudonym.

    Returns
    -------
    SubjectItems
    """
    own, others = Marks(), Marks()
    with contextlib.suppress(GaitError):  # a damaged record is reported when the person is deleted
        own = marks_of_deletion(workspace, name)
    documents = list(_documents(workspace))
    theirs = own.ids | {
        path.name for collection, path, values in documents if collection == "baselines" and _of(values) == name
    }
    mine = {folder for folder in workspace.entries("embeddings") if folder.name in own.sets}
    for collection, path, values in documents:
        owner = _of(values)
        if owner == name or (collection == "analyses" and str(_get(values, "baseline_id")) in theirs):
            mine.add(path)
            own.take(values)
            own.ids.add(path.stem if path.suffix == ".json" else path.name)
        elif owner:
            others.take(values)
    enrolled = enrolled_entries(workspace, name)
    own.digests |= {entry.record.content_sha256 for entry in enrolled} - {""}
    for folder, walks in sets_of_entries(workspace, enrolled):
        mine.add(folder)
        own.sets.add(folder.name)
        own.take(walks)
    for folder in workspace.entries("jobs"):
        params = _get(read_or_none(folder / "spec.json"), "params")
        is_own = _of(params) == name or str(_get(params, "baseline_id")) in theirs
        target = own if is_own else others if _of(params) else None
        if target is not None:
            target.take(params)
            target.take(read_or_none(folder / "result" / "result.json"))
    for known in (own, others):  # a job that failed states no digest, but what is known of its videos does
        known.digests |= {digest for video in known.videos for digest in _digests_of(workspace, video)}
    own.videos -= {text for text in own.videos if _in_demo(workspace, text)}
    traces = Traces(names=frozenset({name})).with_marks(own.without(others))
    unknown = {path for _, path, values in documents if not _of(values)} - mine
    mine |= {path for path in unknown if traces.in_folder(path) or _is_named_for(path, name, workspace)}
    digests = own.digests - others.digests
    mine |= {path for collection in _UNNAMED for path in _items(workspace, collection) if _shows(path, digests, traces)}
    mine |= set(_files_of(workspace, own, others, traces))
    mine |= set(_hidden(workspace, traces))
    unclear = unknown - mine
    return SubjectItems(
        subject=name,
        paths=tuple(sorted(mine, key=_deletion_order)),
        stays=tuple(what_stays(workspace, name, own, others, traces, unclear)),
        traces=traces,
        marks=own,
    )


def _documents(workspace: Workspace) -> Iterator[tuple[str, Path, Any]]:
    """Yield collection, place and content of whatever names a subject; None for what cannot be read."""
    for collection, document in DOCUMENTS.items():
        for folder in workspace.entries(collection):
            yield collection, folder, read_or_none(folder / document)
    for collection in _RECORDS:
        for path in sorted((workspace.root / collection).glob("[!.]*.json")):
            values = read_or_none(path)
            if collection == "subjects" and isinstance(values, dict):
                values = {**values, "subject": values.get("name")}
            yield collection, path, values


def _items(workspace: Workspace, collection: str) -> Iterator[Path]:
    yield from workspace.entries(collection)
    yield from (path for path in sorted((workspace.root / collection).glob("[!.]*.json")) if path.is_file())


def _shows(path: Path, digests: set[str], traces: Traces) -> bool:
    """Return whether something without a name shows the person: by the content of its videos where that is known."""
    document = read_or_none(path / _BY_CONTENT[path.parent.name]) if path.parent.name in _BY_CONTENT else None
    known = set(texts_under(document, ("content_sha256",))) - {""}
    return bool(known & digests) if known else traces.in_folder(path)


def _files_of(workspace: Workspace, own: Marks, others: Marks, traces: Traces) -> Iterator[Path]:
    """Yield uploads and what is cached of the videos of a person."""
    digests, videos = own.digests - others.digests, own.videos - others.videos
    for path in _within(workspace.uploads):
        stem_digest = path.stem.rpartition("-")[2]
        if str(path) in videos or (len(stem_digest) >= 8 and any(one.startswith(stem_digest) for one in digests)):
            yield path
    metadata = MetadataCache.of(workspace).folder
    named = {MetadataCache.file_name(Path(video)) for video in videos}
    yield from (path for path in _within(metadata) if path.name in named or traces.in_file(path))
    cache = ArrayCache.of(workspace).root
    gone = set()
    for entry in cache.glob("*/*/[!.]*/entry.json"):
        kind, key = entry.parent.parent.parent.name, entry.parent.name
        if key in digests or traces.in_file(entry) or (digests and kind not in _NEEDS_SOURCE):
            gone.add(key)
            yield entry.parent
    for lock in cache.glob("*/*/*.lock"):
        if digests and (lock.stem in gone or not lock.with_suffix("").exists()):
            yield lock
    if digests:
        yield from _within(workspace.cache / "training")  # checkpoints of killed runs, which do not say whose
    yield from (path for path in (workspace.jobs / ".spare" / "log.txt",) if path.is_file() and traces.in_file(path))


def _digests_of(workspace: Workspace, video: str) -> set[str]:
    """Return the digest of a video's content where it was looked at before, even if the file is gone since."""
    known = read_or_none(MetadataCache.of(workspace).folder / MetadataCache.file_name(Path(video)))
    return {text for text in texts_under(known, ("content_sha256",)) if len(text) == 64}


def _hidden(workspace: Workspace, traces: Traces) -> Iterator[Path]:
    """Yield what was being written or deleted when its process was killed."""
    for pattern in (".*", "*/.*", "*/*/.*"):
        for path in workspace.root.glob(pattern):
            looks_hidden = (
                path.name not in (".spare", ".lock") and "arrays" not in path.relative_to(workspace.root).parts
            )
            if looks_hidden and traces.in_folder(path):
                yield path


def _is_named_for(path: Path, name: str, workspace: Workspace) -> bool:
    """Return whether a folder that says nothing itself has an identifier that was made from this name only."""
    if path.parent.name != "baselines":
        return False
    slugs = {safe_name(name, "baseline"), name_id(name)}
    named = re.fullmatch(r"(.+)-\d{8}-\d{6}-[0-9a-f]{6}", path.name)
    rivals = {str(record.get("name")) for record in workspace.records("subjects")} - {name}
    return named is not None and named[1] in slugs and not any(safe_name(rival) == named[1] for rival in rivals)


def _deletion_order(path: Path) -> tuple[int, str]:
    """Put the items that name the person and their walks last, so that a killed deletion can be run again."""
    last = ("measurements", "baselines", "walks", "subjects")
    collection = path.parent.name
    return (last.index(collection) + 1 if collection in last else 0, str(path))


def _of(values: Any) -> str:
    """Return the subject that a document names; empty where it names none."""
    subject = _get(values, "subject")
    return subject if isinstance(subject, str) else ""


def _get(values: Any, key: str) -> Any:
    return values.get(key) if isinstance(values, dict) else None


def _within(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if not path.name.endswith(".lock")) if folder.is_dir() else []


def _in_demo(workspace: Workspace, text: str) -> bool:
    return Path(text).is_relative_to(workspace.root / "demo")
