"""Recognition of people by their walk: embeddings, galleries, identification."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from gait_core.api.inputs import PathLike, profile_name, reporter_for, text_of, workspace_of
from gait_core.api.recognised import EmbeddedWalks, EnrolledWalks, IdentifiedWalks, WalkEnrolment, WalkIdentity
from gait_core.config import DEFAULT_PROFILE, PERSONS, Profile
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Walks: TypeAlias = PathLike | NDArray[Any] | Iterable[PathLike] | Iterable[NDArray[Any]]

__all__ = ["embed", "enrol", "identify"]

_LEVEL = "conservative"


def embed(
    walks: Walks,
    model: str | None = None,
    *,
    view: str = "auto",
    out: PathLike | None = None,
    previews: bool = True,
    profile: str | Profile = DEFAULT_PROFILE,
    person: str = PERSONS[0],
    workers: int | None = None,
    level: str = _LEVEL,
    strict: bool = False,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> EmbeddedWalks:
    """Turn walks into embeddings, which are close together for walks of the same person.

    Parameters
    ----------
    walks : path-like or ndarray, or iterable of either
        Videos, ``.npz`` files of silhouettes, folders of either or of PNG silhouettes; or silhouettes in memory, one
        array of shape (frames, height, width) per walk.
    model : str, optional
        Name of a stored recognition model; default: the only one.
    view : {"auto", "side", "front"}
        From where the person was filmed; ``auto`` as the landmarks show it.
    out : path-like, optional
        ``.npz`` file that also receives the embeddings.
    previews : bool
        Draw the frames that were kept and dropped.
    profile : str or Profile
        Performance profile, for videos.
    person : {"auto", "largest", "leftmost", "rightmost"}
        Whom to follow where several people are in view.
    workers : int, optional
        Videos at once, 1 to 64.
    level : {"conservative", "balanced", "aggressive"}
        How much is done for speed; the first keeps float32.
    strict : bool
        Keep float32 at every level.
    workspace : Workspace or path-like, optional
        Where the embeddings are stored.
    reporter : Reporter, optional

    Returns
    -------
    EmbeddedWalks
        One entry per walk, in order; a walk without a usable frame is an entry with its `error`.

    Raises
    ------
    InputError
        When there is no walk, or several models and none is named.
    NotFoundError
        When there is no such model.
    MachineError
        When the machine lacks something.
    """
    from gait_core.workflows.recognise.embed import EmbedRequest, embed_walks

    space = workspace_of(workspace)
    sources, arrays = _split(walks)
    request = EmbedRequest(
        sources=sources,
        out=None if out is None else str(Path(out).expanduser().absolute()),
        previews=previews,
        **_options(space, model, view, profile, person, workers, level, strict),
    )
    return EmbeddedWalks(embed_walks(request, space, reporter_for(reporter), arrays=arrays), space)


def enrol(
    walks: Walks,
    *,
    subject: str,
    gallery: str,
    consent: str,
    model: str | None = None,
    view: str = "auto",
    profile: str | Profile = DEFAULT_PROFILE,
    person: str = PERSONS[0],
    workers: int | None = None,
    level: str = _LEVEL,
    strict: bool = False,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> EnrolledWalks:
    """Enrol walks of one person in a gallery.

    Parameters
    ----------
    walks : path-like or ndarray, or iterable of either
        As in `embed`; the same person walks in all of them.
    subject : str
        Pseudonym.
    gallery : str
        Identifier or name; a gallery that is not there yet is made.
    consent : str
        Who agreed to the enrolment, to what and when.
    model : str, optional
        Default: that of the gallery, or the only one.
    view, profile, person, workers, level, strict
        As in `embed`.
    workspace : Workspace or path-like, optional
    reporter : Reporter, optional

    Returns
    -------
    EnrolledWalks
        One entry per walk, in order; one that cannot be used or is enrolled already is an entry with its `error`.

    Raises
    ------
    InputError
        When subject or consent is missing, there is no walk, or several models and none is named.
    NotFoundError
        When there is no such model.
    MachineError
        When the machine lacks something.
    """
    from gait_core.workflows.recognise.enrol import EnrolRequest, enrol_walks

    space = workspace_of(workspace)
    sources, arrays = _split(walks)
    request = EnrolRequest(
        sources=sources,
        gallery=text_of("gallery", gallery),
        subject=text_of("subject", subject),
        consent=text_of("consent", consent),
        **_options(space, model, view, profile, person, workers, level, strict),
    )
    result = enrol_walks(request, space, reporter_for(reporter), arrays=arrays)
    return EnrolledWalks([WalkEnrolment(answer=walk, workspace=space) for walk in result["walks"]], result)


def identify(
    walks: Walks,
    gallery: str,
    *,
    k: int = 5,
    metric: str = "euc",
    aim: float = 0.05,
    model: str | None = None,
    view: str = "auto",
    profile: str | Profile = DEFAULT_PROFILE,
    person: str = PERSONS[0],
    workers: int | None = None,
    level: str = _LEVEL,
    strict: bool = False,
    workspace: Workspace | PathLike | None = None,
    reporter: Reporter | None = None,
) -> IdentifiedWalks:
    """Say whose walks these are, or that no enrolled person walks like that.

    Parameters
    ----------
    walks : path-like or ndarray, or iterable of either
        As in `embed`.
    gallery : str
        Identifier or name.
    k : int
        People listed per walk, the nearest first.
    metric : {"euc", "cos"}
        How distances are measured.
    aim : float
        Share of strangers' walks that may be accepted, in [0.001, 0.5].
    model : str, optional
        Default: that of the gallery.
    view, profile, person, workers, level, strict
        As in `embed`.
    workspace : Workspace or path-like, optional
    reporter : Reporter, optional

    Returns
    -------
    IdentifiedWalks
        One entry per walk, in order; a walk without a usable frame is an entry with its `error`.

    Raises
    ------
    InputError
        When no person is enrolled, or only with other models.
    NotFoundError
        When there is no such gallery or model.
    MachineError
        When the machine lacks something.
    """
    from gait_core.workflows.recognise.identify import IdentifyRequest, identify_walks

    space = workspace_of(workspace)
    sources, arrays = _split(walks)
    request = IdentifyRequest(
        sources=sources,
        gallery=text_of("gallery", gallery),
        k=k,
        metric=metric,
        aim=aim,
        **_options(space, model, view, profile, person, workers, level, strict),
    )
    result = identify_walks(request, space, reporter_for(reporter), arrays=arrays)
    return IdentifiedWalks([WalkIdentity(answer=walk, workspace=space) for walk in result["walks"]], result)


def _split(walks: Any) -> tuple[list[str], list[Any]]:
    """Return paths and arrays; one of the two lists is empty, so that the order is that of the caller."""
    import numpy as np

    alone = isinstance(walks, str | os.PathLike | np.ndarray) or not isinstance(walks, Iterable)
    several = [walks] if alone else list(walks)
    paths = [one for one in several if isinstance(one, str | os.PathLike) and os.fspath(one)]
    arrays = [one for one in several if isinstance(one, np.ndarray)]
    if len(paths) + len(arrays) != len(several) or (paths and arrays):
        wrong = next((one for one in several if not isinstance(one, np.ndarray | os.PathLike | str)), None)
        got = "both" if wrong is None and paths and arrays else f"{wrong!r}"
        raise InputError(
            f"Expected paths of walks, or silhouettes as arrays, but got {got}.",
            "Give a str, a Path or an array of shape (frames, height, width), or a list of one kind.",
        )
    return [os.fspath(path) for path in paths], arrays


def _options(
    workspace: Workspace,
    model: str | None,
    view: str,
    profile: str | Profile,
    person: str,
    workers: int | None,
    level: str,
    strict: bool,
) -> dict[str, Any]:
    return {
        "model": model,
        "view": view,
        "profile": profile_name(profile, workspace),
        "person": person,
        "workers": workers,
        "level": level,
        "strict": strict,
    }
