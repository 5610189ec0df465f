"""Lets the machines of a cluster find the landmarks before a job uses them from the shared cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gait_core.config import DEFAULT_PROFILE, PoseSettings, profile_named
from gait_core.errors import ClusterError, InputError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__ = ["spread"]


def spread(params: Mapping[str, Any], workspace: Workspace, reporter: Reporter) -> dict[str, Any]:
    """Find the landmarks of a job on its cluster, where it has one.

    Parameters
    ----------
    params : mapping
        Of a job with ``videos``; ``cluster`` is the address of a scheduler, None or missing.
    workspace : Workspace
    reporter : Reporter

    Returns
    -------
    dict
        The parameters without ``cluster``: the rest of the job runs here and finds the landmarks in the cache.

    Raises
    ------
    ClusterError
        When the cluster fails, or when its workers died over a video; what is finished is in the cache.
    InputError
        When a cluster is combined with ``use_cache`` off or ``disable_optimizations`` on.
    """
    rest = dict(params)
    address = rest.pop("cluster", None)
    if address is None:
        return rest
    if not rest.get("use_cache", True) or rest.get("disable_optimizations"):
        raise InputError(
            "Expected --cluster alone, but got it with --no-cache or --disable-optimizations.",
            "The machines of a cluster hand over the landmarks through the cache: choose one of the two.",
        )
    from gait_core.pose.extract_on import extract_on

    with reporter.stage("extract", f"Finding the person in every frame, on the cluster {address}"):
        outcomes = extract_on(
            str(address),
            [Path(video) for video in rest["videos"]],
            _pose_settings(rest, workspace),
            workspace=workspace,
            reporter=reporter,
        )
    for outcome in outcomes:
        if isinstance(outcome, ClusterError):
            raise outcome  # what killed workers must not kill this process as well
    return rest


def _pose_settings(params: Mapping[str, Any], workspace: Workspace) -> PoseSettings:
    """Return the settings that the job itself will use, so that it finds everything in the cache."""
    profile = profile_named(params.get("profile") or DEFAULT_PROFILE, workspace.profiles)
    return profile.pose_settings().with_(person=params.get("person", "auto"))
