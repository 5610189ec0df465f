"""Where the pose models come from: the official host, the npm package, a folder of the user."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gait_core.errors import ModelError
from gait_core.pose.models.bundle import build_bundle
from gait_core.progress import Reporter

__all__ = [
    "NPM_PACKAGE",
    "OFFICIAL_SHA256",
    "VARIANTS",
    "ModelFiles",
    "bundle_name",
    "fetch_official",
    "files_from_folder",
    "files_from_npm",
]

VARIANTS: Final[tuple[str, ...]] = ("lite", "full", "heavy")

OFFICIAL_SHA256: Final[Mapping[str, str]] = {
    "lite": "59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a",
    "full": "5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1",
    "heavy": "64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b",
}
"""Digests of version 1 of the official bundles."""

_OFFICIAL_URL: Final = (
    "https://storage.googleapis.com/mediapipe-models/pose_landmarker/"
    "pose_landmarker_{variant}/float16/1/pose_landmarker_{variant}.task"
)
_CONNECT_TIMEOUT_S: Final = 5.0

NPM_PACKAGE: Final = "@mediapipe/pose@0.5.1675469404"
_DETECTOR: Final = "pose_solution_packed_assets.data"
_NPM_SHA256: Final[Mapping[str, str]] = {
    _DETECTOR: "a63c614bef30d35947f13be361820b1e4e3bec9cfeebf4d11216a18373108e85",
    "pose_landmark_lite.tflite": "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
    "pose_landmark_full.tflite": "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    "pose_landmark_heavy.tflite": "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
}
_NPM_TIMEOUT_S: Final = 300.0


def bundle_name(variant: str) -> str:
    """Return the file name of a bundle.

    Returns
    -------
    str
        For example ``pose_landmarker_full.task``.
    """
    return f"pose_landmarker_{variant}.task"


def fetch_official(variant: str, reporter: Reporter) -> bytes:
    """Download an official bundle.

    Returns
    -------
    bytes
        The ``.task`` file; its digest is the published one.

    Raises
    ------
    ModelError
        When the host is out of reach or gives another file than expected.
    """
    url = _OFFICIAL_URL.format(variant=variant)
    chunks = []
    try:
        with urllib.request.urlopen(url, timeout=_CONNECT_TIMEOUT_S) as response:
            total = int(response.headers.get("Content-Length") or 0)
            done = 0
            while chunk := response.read(1 << 18):
                reporter.check()
                chunks.append(chunk)
                done += len(chunk)
                reporter.progress("models", done, total, "bytes", item=variant)
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise ModelError(f"Expected {bundle_name(variant)} from its official host, but: {error}.") from error
    content = b"".join(chunks)
    _check(content, OFFICIAL_SHA256[variant], bundle_name(variant))
    return content


class ModelFiles:
    """The files of the npm package, checked by digest when they are read.

    Parameters
    ----------
    contents : mapping of str to bytes
        File name → content.
    """

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents

    def has(self, variant: str) -> bool:
        """Return whether a bundle of this variant can be made."""
        return _DETECTOR in self._contents and f"pose_landmark_{variant}.tflite" in self._contents

    def bundle(self, variant: str) -> bytes:
        """Return the bundle of a variant, or raise `ModelError` when a file is not the expected one."""
        detector, landmarks = (self._checked(name) for name in (_DETECTOR, f"pose_landmark_{variant}.tflite"))
        return build_bundle(detector, landmarks)

    def _checked(self, name: str) -> bytes:
        content = self._contents[name]
        _check(content, _NPM_SHA256[name], name)
        return content


def files_from_npm(reporter: Reporter) -> ModelFiles:
    """Fetch the npm package with ``npm pack`` into a temporary folder.

    Returns
    -------
    ModelFiles
        Held in memory: the folder is gone.

    Raises
    ------
    ModelError
        When npm is missing, cannot reach its registry or gives another package.
    """
    program = shutil.which("npm")
    if program is None:
        raise ModelError("Expected the program npm, but it is not installed.")
    with tempfile.TemporaryDirectory(prefix="gait-models-") as folder:
        command = [program, "pack", NPM_PACKAGE, "--ignore-scripts", "--silent"]
        command += ["--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=1000"]
        log = Path(folder) / "npm.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output) as process,
        ):
            _wait(process, reporter)
        archives = list(Path(folder).glob("*.tgz"))
        if process.returncode != 0 or len(archives) != 1:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise ModelError(f"Expected npm to fetch {NPM_PACKAGE}, but: {lines[-1] if lines else 'it failed'}.")
        return ModelFiles(_read_archive(archives[0]))


def files_from_folder(folder: Path) -> tuple[dict[str, bytes], ModelFiles]:
    """Read what a folder of the user holds: bundles, the npm archive, or the bare model files.

    Parameters
    ----------
    folder : Path
        Folder, or the npm archive itself.

    Returns
    -------
    bundles : dict of str to bytes
        Variant → content of a bundle; not yet checked.
    files : ModelFiles
        Files of the npm package.
    """
    if folder.is_file():
        return {}, ModelFiles(_read_archive(folder))
    if not folder.is_dir():
        raise ModelError(f"Expected a folder with pose models at {folder}, but there is none.", "Check the path.")
    try:
        bundles = {
            variant: (folder / bundle_name(variant)).read_bytes()
            for variant in VARIANTS
            if (folder / bundle_name(variant)).is_file()
        }
        contents: dict[str, bytes] = {}
        for archive in sorted(folder.glob("*.tgz")):
            contents |= _read_archive(archive)
        for place in (folder / "package", folder):
            contents |= {name: (place / name).read_bytes() for name in _NPM_SHA256 if (place / name).is_file()}
    except OSError as error:
        raise ModelError(
            f"Expected to read {folder}, but: {error.strerror}.", "Change the permission of the folder."
        ) from error
    return bundles, ModelFiles(contents)


def _read_archive(path: Path) -> dict[str, bytes]:
    contents = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for name in _NPM_SHA256:
                try:
                    member = archive.extractfile(f"package/{name}")
                except KeyError:
                    continue
                if member is not None:
                    contents[name] = member.read()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ModelError(
            f"Expected the archive of {NPM_PACKAGE} in {path.name}, but it is damaged ({error}).",
            "Copy the archive again.",
        ) from error
    return contents


def _wait(process: subprocess.Popen[bytes], reporter: Reporter) -> None:
    waited_s = 0.0
    try:
        while True:
            try:
                process.wait(timeout=0.25)
                return
            except subprocess.TimeoutExpired:
                waited_s += 0.25
                reporter.check()
                if waited_s > _NPM_TIMEOUT_S:
                    raise ModelError(f"Expected npm to answer in {_NPM_TIMEOUT_S:.0f} s, but it did not.") from None
    finally:
        if process.poll() is None:
            process.kill()


def _check(content: bytes, expected: str, name: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ModelError(
            f"Expected {name} with the digest {expected[:12]}…, but got {found[:12]}…: the file is damaged or another.",
            "Fetch or copy it again.",
        )
