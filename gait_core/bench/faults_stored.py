"""Damages stored files, one at a time: reading them gives what was stored, or an error that names the damage."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from gait_core.baseline.analyses import load_analysis
from gait_core.baseline.store import load_baseline
from gait_core.bench.common import BenchResult, Table
from gait_core.bench.faults_tasks import digest
from gait_core.cache import ArrayCache
from gait_core.errors import GaitError
from gait_core.progress import Reporter
from gait_core.recognition.gallery.gallery import Gallery
from gait_core.video.metadata import MetadataCache
from gait_core.walks.measurements import load_measurement
from gait_core.workspace import Workspace

__all__ = ["damaged_files"]

Random: TypeAlias = np.random.Generator
Reader: TypeAlias = Callable[[], str | None]


def damaged_files(
    root: Path, known: Mapping[str, Any], count: int, seed: int, reporter: Reporter, *, most_s: float
) -> BenchResult:
    """Damage stored files and read what they belong to.

    Parameters
    ----------
    root : Path
        Of a filled workspace; every file is as before at the end.
    known : mapping
        As `fill_workspace` returns it.
    count : int
    seed : int
    reporter : Reporter
    most_s : float
        Time after which no further one is tried, s.

    Returns
    -------
    BenchResult
        ``damaged_files``, ``damaged_silent``: read as something else without a word, or with a traceback; and
        ``damaged_named``: refused with a message.
    """
    generator = np.random.default_rng(seed)
    items = list(_items(Workspace(root), known))
    before = {name: read() for name, _, read in items}
    files = [(name, path, read) for name, paths, read in items for path in paths]
    others = [path for _, path, _ in files]
    tried, named, silent = 0, 0, []
    by_kind: dict[str, list[int]] = {}
    begun_s = time.monotonic()
    while tried < count and time.monotonic() - begun_s < most_s:
        name, path, read = files[int(generator.integers(len(files)))]
        kind = list(_KINDS)[tried % len(_KINDS)]
        with _damaged(path, kind, others[int(generator.integers(len(others)))], generator) as is_changed:
            if not is_changed:
                continue
            tried += 1
            counts = by_kind.setdefault(kind, [0, 0, 0])
            counts[0] += 1
            try:
                found = read()
            except GaitError:
                named += 1
                counts[1] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the bench looks for
                silent.append([f"{name}/{path.name}", kind, f"{type(error).__name__}: {error}"])
                counts[2] += 1
            else:
                if found not in (before[name], None):
                    silent.append([f"{name}/{path.name}", kind, "read as something else"])
                    counts[2] += 1
        if tried % 20 == 0:
            reporter.progress("damaged_files", tried, count, "files")
    whole = {name: read() for name, _, read in items} == before
    rows = [[kind, *counts] for kind, counts in sorted(by_kind.items())]
    tables = [Table(title="Damaged files by kind", columns=["kind", "tried", "named", "silent"], rows=rows)]
    if silent:
        tables.append(Table(title="Silent", columns=["file", "kind", "what"], rows=silent))
    return BenchResult(
        bench="damaged_files",
        settings={"seed": seed, "files": len(files), "restored": whole},
        figures={"damaged_files": tried, "damaged_silent": len(silent), "damaged_named": named},
        tables=tables,
    )


def _items(workspace: Workspace, known: Mapping[str, Any]) -> Iterator[tuple[str, list[Path], Reader]]:
    """Yield what is stored: its name, its files, and how it is read; None stands for a miss, then computed again."""

    def baseline() -> str:
        one = load_baseline(workspace, known["baseline"])
        scores = [values.tolist() for _, values in sorted(one.validation.to_arrays().items())]
        return digest([one.manifest.to_dict(), one.thresholds.to_dict(), one.calibration.to_dict(), scores])

    def analysis() -> str:
        one = load_analysis(workspace, known["analysis"])
        curves = [one.window_time_s, one.window_scores, one.joint_time_s, one.joint_time_scores]
        return digest([one.summary.to_dict(), [values.tolist() for values in curves], one.window_limit])

    def measurement() -> str:
        one = load_measurement(workspace, known["measurement"])
        arrays = {name: values.tolist() for name, values in one.measurement.to_arrays().items()}
        return digest([one.facts(), one.measurement.to_dict(), arrays])

    def gallery() -> str:
        entries = Gallery(workspace, known["gallery"]).entries()
        return digest([[entry.record.to_dict(), entry.parts.tolist()] for entry in entries])

    yield "baseline", _files(workspace.baseline_folder(known["baseline"])), baseline
    yield "analysis", _files(workspace.analysis_folder(known["analysis"])), analysis
    yield "measurement", _files(workspace.measurement_folder(known["measurement"])), measurement
    yield "gallery", _files(workspace.entry("galleries", known["gallery"])), gallery
    yield from _cached(workspace, known)


def _cached(workspace: Workspace, known: Mapping[str, Any]) -> Iterator[tuple[str, list[Path], Reader]]:
    cache, metadata = ArrayCache.of(workspace), MetadataCache.of(workspace)
    track = next(path.parent for path in sorted(cache.root.glob("track/*/*/entry.json")))

    def arrays() -> str | None:
        entry = cache.get("track", track.name)
        return None if entry is None else digest([{k: v.tolist() for k, v in entry.arrays.items()}, dict(entry.meta)])

    def about_videos() -> str | None:
        found = [metadata.get(Path(video)) for video in known["videos"]]
        return None if None in found else digest([one.to_dict() for one in found if one is not None])

    yield "landmarks", _files(track), arrays
    yield "videos", _files(metadata.folder), about_videos


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.suffix not in (".lock", ".mp4"))


@contextmanager
def _damaged(path: Path, kind: str, other: Path, generator: Random) -> Iterator[bool]:
    """Damage a file, return whether its content has changed, and restore everything."""
    folder = path.parent
    kept = folder.with_name(f"kept-{folder.name}")
    shutil.copytree(folder, kept)
    try:
        before = path.read_bytes()
        _KINDS[kind](path, other, generator)
        yield not path.is_file() or path.read_bytes() != before
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a miss in the cache has deleted it
        kept.rename(folder)


def _bit(path: Path, _: Path, generator: Random) -> None:
    content = bytearray(path.read_bytes())
    content[int(generator.integers(len(content)))] ^= 1 << int(generator.integers(8))
    path.write_bytes(bytes(content))


def _digit(path: Path, _: Path, generator: Random) -> None:
    content = bytearray(path.read_bytes())
    places = [place for place, byte in enumerate(content) if byte in b"123456789"]
    if places:
        place = places[int(generator.integers(len(places)))]
        content[place] = ord("1") + (content[place] - ord("1") + 1) % 9
        path.write_bytes(bytes(content))


def _cut(path: Path, _: Path, generator: Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(generator.integers(len(content)))])


def _noise(path: Path, _: Path, generator: Random) -> None:
    content = bytearray(path.read_bytes())
    place = int(generator.integers(len(content)))
    content[place : place + 64] = generator.bytes(64)
    path.write_bytes(bytes(content))


def _number(text: bytes) -> Callable[[Path, Path, Random], None]:
    def replace(path: Path, _: Path, generator: Random) -> None:
        parts = path.read_bytes().split(b": ")
        place = int(generator.integers(len(parts)))
        parts[place] = text + parts[place][parts[place].find(b",") :] if b"," in parts[place] else text
        path.write_bytes(b": ".join(parts))

    return replace


def _content(content: bytes) -> Callable[[Path, Path, Random], None]:
    def replace(path: Path, _: Path, __: Random) -> None:
        path.write_bytes(content)

    return replace


def _swapped(path: Path, other: Path, _: Random) -> None:
    path.write_bytes(other.read_bytes())


def _missing(path: Path, _: Path, __: Random) -> None:
    path.unlink()


def _folder(path: Path, _: Path, __: Random) -> None:
    path.unlink()
    path.mkdir()


_KINDS: Final[Mapping[str, Callable[[Path, Path, Random], None]]] = {
    "one bit": _bit,
    "one digit": _digit,
    "cut off": _cut,
    "noise": _noise,
    "NaN": _number(b"NaN"),
    "infinite": _number(b"1e999"),
    "another kind": _number(b"[]"),
    "empty": _content(b""),
    "a list": _content(b"[]"),
    "nested": _content(b"[" * 5000 + b"]" * 5000),
    "of another file": _swapped,
    "missing": _missing,
    "a folder": _folder,
}
