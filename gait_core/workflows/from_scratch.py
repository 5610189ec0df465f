"""Rebuilds everything that was learned from the landmarks of the pose model, in the order of its dependencies.

First the errors of the landmarks, from rendered walks whose truth is known: as noise of the fast path, and as they are
stated beside what is measured. Then the autoencoder, what whitens its residuals and the references of the limits, all
from simulated walks with these errors. Beside them lies a record of what they were made with.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from gait_core.baseline.pretrained import pretrained_path
from gait_core.config import DEFAULT_PROFILE, profile_named
from gait_core.errors import GaitError
from gait_core.gait.body import leg_length_px
from gait_core.gait.cleaning import clean
from gait_core.gait.position_errors import SHIPPED_ERRORS
from gait_core.pose.engines import engine_version, resolved
from gait_core.pose.extract import extract_many
from gait_core.pose.models.assets import model_sha256
from gait_core.pose.track import Track
from gait_core.progress import Reporter
from gait_core.runtime.checkout import commit
from gait_core.simulate.noise_model import SHIPPED_NOISE, NoiseModel
from gait_core.simulate.noise_report import compare
from gait_core.simulate.noise_walks import PEOPLE, WALKS_EACH, noise_of, noise_walks
from gait_core.simulate.position_error_fit import fit_position_errors
from gait_core.simulate.render import render
from gait_core.simulate.windows import FIRST_SEED
from gait_core.workflows.pretrain import pretrain
from gait_core.workspace import Workspace, write_json

__all__ = ["fitted_errors", "pretrain_from_scratch"]

_FOLDER: Final = "noise-rendered"


def pretrain_from_scratch(
    out: Path | None,
    workspace: Workspace,
    reporter: Reporter,
    *,
    people: int | None = None,
    cell: str = "gru",
    noise_people: int = PEOPLE,
    noise_walks_each: int = WALKS_EACH,
    profile: str = DEFAULT_PROFILE,
    keep_network: bool = False,
) -> dict[str, Any]:
    """Fit the noise of the fast path, then train and calibrate the autoencoder with it, and write both and a record.

    Parameters
    ----------
    out : Path or None
        ``.keras`` file to write; noise, errors and the record lie beside it as ``.noise.json``, ``.errors.json`` and
        ``.made.json``. Default: the shipped files.
    workspace : Workspace
        Its cache keeps the rendered walks and their landmarks, so that a second run continues where one stopped.
    reporter : Reporter
    people : int, optional
        People to train on, see `pretrain`.
    cell : {"gru", "lstm"}
    noise_people, noise_walks_each : int
        People whose walks are rendered, and how many of each; together at least four walks.
    profile : str
        Profile that reads the landmarks.
    keep_network : bool
        See `pretrain`.

    Returns
    -------
    dict
        As `pretrain` returns it, with ``noise``, ``errors`` and ``record``, the files written beside the model.

    Raises
    ------
    InputError, ModelError, LibraryError, StorageError
        As in rendering, extraction and `pretrain`.
    """
    begun_s = time.perf_counter()
    target = out or pretrained_path(cell)
    noise_file = SHIPPED_NOISE if out is None else target.with_suffix(".noise.json")
    errors_file = SHIPPED_ERRORS if out is None else target.with_suffix(".errors.json")
    noise, position_errors, record = fitted_errors(
        workspace, reporter, people=noise_people, walks_each=noise_walks_each, profile=profile
    )
    write_json(noise_file, noise.to_dict())
    write_json(errors_file, position_errors)
    made = pretrain(out, workspace, reporter, people=people, cell=cell, noise=noise, keep_network=keep_network)
    record |= {
        "model": target.name,
        "network_kept": keep_network,
        "val_loss": made["val_loss"],
        "duration_s": time.perf_counter() - begun_s,
    }
    record_file = target.with_suffix(".made.json")
    write_json(record_file, record)
    return made | {"noise": str(noise_file), "errors": str(errors_file), "record": str(record_file)}


def fitted_errors(
    workspace: Workspace, reporter: Reporter, *, people: int, walks_each: int, profile: str = DEFAULT_PROFILE
) -> tuple[NoiseModel, dict[str, Any], dict[str, Any]]:
    """Render walks, find their landmarks, and learn their errors: as noise of the fast path, and as they are stated.

    Parameters
    ----------
    workspace : Workspace
        Its cache keeps videos and landmarks.
    reporter : Reporter
    people, walks_each : int
        How many walks are rendered.
    profile : str
        Profile that reads the landmarks.

    Returns
    -------
    noise : NoiseModel
    position_errors : dict
        As `fit_position_errors` gives them.
    record : dict
        What it was made with: commit, seeds, settings, engine, model, and how the errors of the fast path compare.

    Raises
    ------
    InputError
        When fewer than four walks can be used.
    """
    walks = noise_walks(people, walks_each)
    folder = workspace.cache / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with reporter.stage("render", f"Rendering {len(walks)} walks"):
        for number, walk in enumerate(walks):
            path = folder / f"{walk.person_seed}-{walk.number}.mp4"
            if not path.is_file():
                render(walk.truth(), path, seed=walk.seed, reporter=reporter)
            paths.append(path)
            reporter.progress("render", number + 1, len(walks), "walks")
    pose = resolved(profile_named(profile).pose_settings())
    found = extract_many(paths, pose, workspace=workspace, reporter=reporter)
    with reporter.stage("noise", "Fitting the errors of the landmarks"):
        pairs = [
            (walk.truth(), _legs_right(one.track))
            for walk, one in zip(walks, found, strict=True)
            if not isinstance(one, GaitError)
        ]
        source = f"{pose.engine} {engine_version(pose)}, model {pose.variant}, decoding {pose.decoding}, legs put right"
        noise = noise_of(pairs, source=f"{source}, on {len(pairs)} rendered walks of {people} people")
    record = {
        "commit": commit(),
        "created_s": time.time(),
        "profile": profile,
        "pose": pose.to_dict(),
        "engine_version": engine_version(pose),
        "pose_model_sha256": model_sha256(pose.variant),
        "person_seeds": FIRST_SEED,
        "noise_people": people,
        "noise_walks": len(pairs),
        "noise_figures": compare(noise, pairs).to_dict()["figures"],
    }
    return noise, fit_position_errors(pairs), record


def _legs_right(track: Track) -> Track:
    """Return a track as the leg solver leaves it: the errors that are left are those of the fast path."""
    cleaned = clean(track, leg_length_px(track.position[track.detected]))
    return replace(cleaned.swap.track, candidates=None)
