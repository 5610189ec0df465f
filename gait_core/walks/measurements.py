"""Measured walks as they lie on disk; what a person changes is stored apart from what was found.

::

    measurements/<id>/
      facts.json         where it came from; its seal covers all four files
      measurement.json   everything measured
      curves.npz         joint angles of every stride
      edits.json         changed events and undone repairs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NotRequired, Self, TypedDict

from gait_core.cache import ArrayCache
from gait_core.cache.archive import load_arrays, save_arrays
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.gait.cleaned_walk import repaired_landmarks
from gait_core.gait.events.edits import Edit
from gait_core.gait.kinematics import Kinematics
from gait_core.gait.measurement import OWN_WARNINGS, Measurement, feature_settings, measure, motion_of
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.gait.stretch import longest_stretch
from gait_core.pose.track import Track
from gait_core.storage.damaged import DamagedItem, read_each
from gait_core.storage.records import read_record
from gait_core.storage.seal import sealed
from gait_core.walks.prepare import PreparedWalk, with_true_rate
from gait_core.workspace import Workspace, new_id, read_json, safe_name, whole_folder, write_json

__all__ = [
    "MeasuredWalk",
    "damaged_measurements",
    "delete_measurement",
    "list_measurements",
    "load_measurement",
    "new_walk_id",
    "remeasure",
    "save_measurement",
]

_FACTS_FILE: Final = "facts.json"
_MEASUREMENT: Final = "measurement.json"
_CURVES: Final = "curves.npz"
_EDITS: Final = "edits.json"
_REMEDY: Final = "Delete the measurement and measure the video again; its landmarks come from the cache."


class _StoredFacts(TypedDict):
    id: str
    subject: str
    name: str
    path: str
    content_sha256: str
    created_s: float
    track_address: str
    time_scale: float
    profile: str
    frame_rate_hz: float
    request: NotRequired[dict[str, Any]]


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredWalk:
    """A measurement and where it came from.

    Attributes
    ----------
    id : str
    subject : str
        Pseudonym; empty when none was given.
    name, path : str
        File name and path of the video.
    content_sha256 : str
        Hash of the video.
    created_s : float
        When it was measured, s since 1970.
    track_address : str
        Where the landmarks lie in the cache.
    time_scale : float
        Seconds of the walk per second of the video.
    profile : str
    frame_rate_hz : float
        Of the landmarks, on the clock of the walk.
    measurement : Measurement
    request : mapping
        Parameters of a ``measure`` job of this walk alone, as it was first measured; empty where an earlier version
        did not keep them.
    """

    id: str
    subject: str
    name: str
    path: str
    content_sha256: str
    created_s: float
    track_address: str
    time_scale: float
    profile: str
    frame_rate_hz: float
    measurement: Measurement
    request: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        walk: PreparedWalk,
        measurement: Measurement,
        *,
        measurement_id: str,
        subject: str,
        created_s: float,
        profile: str,
        request: Mapping[str, Any],
    ) -> Self:
        """Put a measurement and its walk together."""
        return cls(
            id=measurement_id,
            subject=subject,
            name=walk.name,
            path=str(walk.path),
            content_sha256=walk.content_sha256,
            created_s=created_s,
            track_address=walk.address,
            time_scale=walk.time_scale,
            profile=profile,
            frame_rate_hz=walk.track.frame_rate_hz,
            measurement=measurement,
            request=dict(request),
        )

    def job_params(self) -> dict[str, Any]:
        """Return the parameters of a ``measure`` job that gives these numbers, changes by hand among them; or nothing.

        Repairs that were undone have no parameter, nor has the scale of markers, which are in metres.
        """
        if not self.request:
            return {}
        now = self.measurement
        return {
            **self.request,
            "scale": (ScaleInput() if now.from_markers else now.scale_input).to_dict(),
            "settings": now.settings.to_dict(),
            "edits": [asdict(edit) for edit in now.edits],
        }

    def facts(self) -> dict[str, Any]:
        """Return everything but the measurement for JSON."""
        return {name: getattr(self, name) for name in _FACTS}

    def track(self, workspace: Workspace) -> Track:
        """Return the landmarks from the cache.

        Raises
        ------
        NotFoundError
            When they have been cleared, or were found changed.
        """
        entry = ArrayCache.of(workspace).get("track", self.track_address)
        if entry is None:
            raise NotFoundError(
                f"Expected the landmarks of {self.name} in the cache, but they are gone: cleared, or found changed and "
                "discarded.",
                "Measure the video again.",
            )
        track, _ = longest_stretch(Track.from_arrays(entry.arrays, entry.meta))
        return track if self.time_scale == 1.0 else with_true_rate(track, track.frame_rate_hz / self.time_scale)

    def repaired_track(self, workspace: Workspace) -> Track:
        """Return the landmarks after the repairs, as they were measured; raises `NotFoundError` as `track` does."""
        measurement = self.measurement
        settings = feature_settings(measurement.settings)
        return repaired_landmarks(self.track(workspace), settings, undone=frozenset(measurement.undone))

    def motion(self, workspace: Workspace) -> Kinematics:
        """Return the motion that was measured; raises `NotFoundError` as `track` does."""
        measurement = self.measurement
        return motion_of(
            self.track(workspace),
            measurement.settings,
            side=measurement.visible_side,
            undone=frozenset(measurement.undone),
        )


_FACTS = tuple(name for name in MeasuredWalk.__dataclass_fields__ if name != "measurement")


def _facts_of(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a stored walk; earlier versions did not keep the request."""
    return {name: stored.get(name, {}) if name == "request" else stored[name] for name in _FACTS}


def new_walk_id(path: Path, run_id: str = "", number: int = 0) -> str:
    """Return an identifier for a walk.

    Parameters
    ----------
    path : Path
        Video.
    run_id : str
        Identifies the run: one that is resumed gives the same identifiers, so that nothing is stored twice.
    number : int
        Of the walk in the run.

    Returns
    -------
    str
        Begins with the name of the video. Without `run_id` it is new with every call.
    """
    stem = safe_name(path.stem, "walk")[:30]
    return f"{stem}-{safe_name(run_id)[-28:].strip('-')}-{number + 1}" if run_id else new_id(stem)


def save_measurement(workspace: Workspace, walk: MeasuredWalk) -> None:
    """Store a measured walk whole, in place of an earlier one of the same identifier.

    Raises
    ------
    StorageError
        When the disk is full or read-only; the earlier one stays.
    """
    values = walk.measurement.to_dict()
    apart = {name: values.pop(name) for name in ("edits", "undone")}
    with whole_folder(workspace.measurement_folder(walk.id)) as folder:
        write_json(folder / _MEASUREMENT, values)
        save_arrays(folder / _CURVES, walk.measurement.to_arrays())
        write_json(folder / _EDITS, apart)
        write_json(folder / _FACTS_FILE, sealed(walk.facts(), folder, [_MEASUREMENT, _CURVES, _EDITS]))


def load_measurement(workspace: Workspace, measurement_id: str) -> MeasuredWalk:
    """Return a measured walk.

    Returns
    -------
    MeasuredWalk

    Raises
    ------
    NotFoundError, StorageError
        When there is none of that name, or it is damaged or of another version.
    """
    folder = workspace.measurement_folder(measurement_id)
    if not folder.is_dir():
        raise NotFoundError(
            f"Expected a measurement {measurement_id!r}, but there is none.", "Look at the list of measured walks."
        )
    facts, values = _facts(folder), read_json(folder / _MEASUREMENT)
    apart = read_json(folder / _EDITS) if (folder / _EDITS).is_file() else {"edits": [], "undone": []}
    try:
        measurement = Measurement.from_dict(values | apart, load_arrays(folder / _CURVES))
        return MeasuredWalk(**facts, measurement=measurement)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, InputError) as error:
        raise StorageError(
            f"Expected a measurement in {folder}, but it is damaged or of another version ({error}).", _REMEDY
        ) from error


def list_measurements(workspace: Workspace, subject: str | None = None) -> list[dict[str, Any]]:
    """List the measured walks, without their measurements.

    Parameters
    ----------
    workspace : Workspace
    subject : str, optional
        Only walks of this person; ``""`` for those without one.

    Returns
    -------
    list of dict
        The fields of `MeasuredWalk` but `measurement`, newest first. Damaged ones are left out, see
        `damaged_measurements`.
    """
    found, _ = read_each(workspace.entries("measurements"), _facts)
    wanted = [facts for facts in found if subject is None or facts["subject"] == subject]
    return sorted(wanted, key=lambda facts: float(facts["created_s"]), reverse=True)


def damaged_measurements(workspace: Workspace) -> list[DamagedItem]:
    """Return the measurements that cannot be read.

    Returns
    -------
    list of DamagedItem
        Each with what is wrong and what can be done.
    """
    return read_each(workspace.entries("measurements"), _facts)[1]


def _facts(folder: Path) -> dict[str, Any]:
    """Read where a measurement came from, after comparing all its files with the seal."""
    values = read_record(folder / _FACTS_FILE, _StoredFacts, what=f"the measurement {folder.name}", remedy=_REMEDY)
    return _facts_of(values)


def delete_measurement(workspace: Workspace, measurement_id: str) -> None:
    """Delete a measured walk, and the results of comparing it with references.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    workspace.delete_folder("measurements", measurement_id)
    for record in workspace.records("validations"):
        if record.get("measurement_id") == measurement_id:
            workspace.delete_record("validations", str(record["id"]))


def remeasure(
    workspace: Workspace,
    walk: MeasuredWalk,
    *,
    edits: Sequence[Edit] | None = None,
    undone: frozenset[str] | None = None,
    scale: ScaleInput | None = None,
    settings: Mapping[str, Any] | None = None,
) -> MeasuredWalk:
    """Measure a stored walk again from its cached landmarks and store what comes out.

    Parameters
    ----------
    workspace : Workspace
    walk : MeasuredWalk
    edits, undone, scale : optional
        What is to be in place of what was stored; None leaves it.
    settings : mapping, optional
        Fields of `MeasureSettings` to be changed.

    Returns
    -------
    MeasuredWalk
        As it was stored, under the same identifier.

    Raises
    ------
    InputError
        When an edit puts the events out of order; nothing is stored then.
    NotFoundError
        When the landmarks are no longer in the cache.
    """
    before = walk.measurement
    chosen = before.settings.with_(**(settings or {}))
    dropped = frozenset(before.undone) if undone is None else undone
    motion = motion_of(walk.track(workspace), chosen, side=before.visible_side, undone=dropped)
    measurement = measure(
        motion,
        chosen,
        # A later version may find the events elsewhere: edits belong to those that were shown.
        events=before.events if settings is None and undone is None else None,
        scale=before.scale_input if scale is None else scale,
        edits=before.edits if edits is None else edits,
        undone=dropped,
        quality=before.quality,
        warnings=[warning for warning in before.warnings if warning.code not in OWN_WARNINGS],
    )
    again = replace(walk, measurement=measurement)
    save_measurement(workspace, again)
    return again
