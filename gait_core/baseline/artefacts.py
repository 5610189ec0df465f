"""The files of a baseline, and the seal in its manifest that shows when one of them has changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from gait_core.baseline.manifest import MANIFEST_FORMAT, BaselineManifest
from gait_core.errors import InputError, NotFoundError, StorageError
from gait_core.storage.check import SealCheck
from gait_core.storage.json_file import read_json
from gait_core.storage.seal import check_seal, file_sha256, sealed
from gait_core.workspace import write_json

__all__ = [
    "ARTEFACTS",
    "SealState",
    "check_variant",
    "read_manifest",
    "seal_baseline",
    "verify_baseline",
    "write_manifest",
]

ARTEFACTS: Final[Mapping[str, str]] = {
    "model": "baseline_model.keras",
    "calibration": "calibration.json",
    "thresholds": "thresholds.json",
    "manifest": "manifest.json",
    "scorer": "scorer.npz",
    "validation": "validation.npz",
    "norms": "norms.json",
    "curves": "norms.npz",
}
SealState: TypeAlias = Literal["sealed", "files", "unsealed"]
"""``sealed``: everything was compared. ``files``: an earlier version kept a digest of each file, but none of the
manifest. ``unsealed``: it kept none."""
_SEALED_SINCE: Final = 3
_REMEDY: Final = (
    "Restore the file from a backup or an export, or create the baseline again from the same videos; their landmarks "
    "come from the cache."
)


_COLLECTION: Final = "baselines"


def write_manifest(folder: Path, manifest: BaselineManifest, baseline_id: str) -> None:
    """Write the manifest of a baseline with its name and its seal, after all other files.

    Parameters
    ----------
    folder : Path
        Where the other files lie; it may have another name until everything is written.
    manifest : BaselineManifest
    baseline_id : str
        Name of the folder in the end.

    Raises
    ------
    StorageError
        When the place is read-only or full, or a file is missing.
    """
    digests = {name: file_sha256(folder / file) for name, file in ARTEFACTS.items() if name != "manifest"}
    _write_sealed(folder, manifest.to_dict() | {"id": baseline_id, "artefact_sha256": digests})


def read_manifest(folder: Path) -> tuple[BaselineManifest, SealState]:
    """Read the manifest of a baseline and compare every file with its seal.

    Returns
    -------
    manifest : BaselineManifest
    seal : SealState
        How much could be compared; baselines of earlier versions have fewer digests, or none.

    Raises
    ------
    NotFoundError
        When there is no manifest.
    StorageError
        When it is damaged, or a file is not what was stored; the message names it.
    """
    values = read_json(folder / ARTEFACTS["manifest"])
    manifest = BaselineManifest.from_dict(values, f"{folder.name}/{ARTEFACTS['manifest']}")
    what = f"the baseline {folder.name}"
    if check_seal(values, folder / ARTEFACTS["manifest"], what=what, stored_s=manifest.created_s, remedy=_REMEDY):
        _check_place(folder, values)
        return manifest, "sealed"
    if values.get("format", 1) >= _SEALED_SINCE:
        raise StorageError(f"Expected {what} with its seal, but {ARTEFACTS['manifest']} has lost it.", _REMEDY)
    return manifest, _check_files(folder, manifest, what)


def _check_place(folder: Path, values: Mapping[str, Any]) -> None:
    """Refuse a baseline that lies in the folder of another one; an export may have any name."""
    own = values.get("id", folder.name)
    if folder.parent.name == _COLLECTION and own != folder.name:
        raise StorageError(
            f"Expected the baseline {folder.name} in its folder, but the folder holds the baseline {own}.",
            "Give the folders their original names again, or restore them from a backup.",
        )


def _check_files(folder: Path, manifest: BaselineManifest, what: str) -> SealState:
    """Compare with what format 2 kept: the digest of each file."""
    known = {ARTEFACTS[name]: digest for name, digest in manifest.artefact_sha256.items() if name in ARTEFACTS}
    for file, digest in known.items():
        if not (folder / file).is_file():
            raise StorageError(f"Expected {what} as it was stored, but {file} is missing.", _REMEDY)
        if file_sha256(folder / file) != digest:
            raise StorageError(f"Expected {what} as it was stored, but {file} was changed.", _REMEDY)
    return "files" if known else "unsealed"


def verify_baseline(folder: Path) -> SealCheck:
    """Compare a baseline and its saved limits with their seals.

    Parameters
    ----------
    folder : Path
        Of the baseline, or of an export of it.

    Returns
    -------
    SealCheck
        ``changed`` also when a file is missing or cannot be read. ``unsealed`` when an earlier version made the
        baseline, even where each file still agrees with its digest; `files` lists what was compared.

    Raises
    ------
    NotFoundError
        When there is no baseline.
    """
    name = folder.name
    try:
        manifest, state = read_manifest(folder)
        variants = _sealed_variants(folder)
    except NotFoundError:
        if folder.is_dir():
            return SealCheck(
                name=name, state="changed", message=f"manifest.json is missing in {folder}.", remedy=_REMEDY
            )
        raise
    except StorageError as error:
        return SealCheck(name=name, state="changed", message=error.message, remedy=error.remedy)
    if state == "sealed":
        files = tuple(sorted([*manifest.stored["seal"]["files"], ARTEFACTS["manifest"], *variants]))
        return SealCheck(
            name=name, state="intact", message=f"All {len(files)} files are as they were stored.", files=files
        )
    compared = tuple(sorted(ARTEFACTS[role] for role in manifest.artefact_sha256 if role in ARTEFACTS))
    return SealCheck(
        name=name,
        state="unsealed",
        message="An earlier version made this baseline and did not seal its manifest; "
        + (f"the {len(compared)} other files are as they were stored." if compared else "nothing can be compared."),
        remedy=f"To seal it as it is now: `baseline verify {name} --seal`. Create it again where that is in doubt.",
        files=compared,
    )


def _sealed_variants(folder: Path) -> list[str]:
    """Compare saved limits with their seals; return the files that have one."""
    return [
        f"variants/{path.name}"
        for path in sorted((folder / "variants").glob("*.json"))
        if check_variant(read_json(path), path)
    ]


def check_variant(values: Mapping[str, Any], path: Path) -> bool:
    """Compare limits saved under a name with their seal; errors as of `gait_core.storage.seal.check_seal`.

    Returns
    -------
    bool
        False when they have no seal: an earlier version saved them.
    """
    remedy = "Delete the file and save the variant again."
    return check_seal(values, path, what=f"the variant {path.stem!r}", stored_s=None, remedy=remedy)


def seal_baseline(folder: Path) -> None:
    """Seal a baseline of an earlier version as it is now.

    Raises
    ------
    InputError
        When it is sealed already.
    NotFoundError, StorageError
        When there is none, or it is damaged: damage is never sealed.
    """
    manifest, state = read_manifest(folder)
    if state == "sealed":
        raise InputError(f"Expected a baseline without a seal, but {folder.name} has one.", "Nothing is to be done.")
    _write_sealed(folder, manifest.to_dict())


def _write_sealed(folder: Path, values: Mapping[str, Any]) -> None:
    present = [file for name, file in ARTEFACTS.items() if name != "manifest" and (folder / file).is_file()]
    write_json(folder / ARTEFACTS["manifest"], sealed({**values, "format": MANIFEST_FORMAT}, folder, present))
