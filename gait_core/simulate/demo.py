"""The demo walks: one simulated person, five walks for a baseline and two later ones, as ordinary videos."""

from __future__ import annotations

from typing import Any, Final

from gait_core.errors import SettingsError
from gait_core.progress import Reporter
from gait_core.simulate.person import sample_person
from gait_core.simulate.render import render
from gait_core.simulate.walker import walk
from gait_core.workspace import Workspace, storage_guard

__all__ = ["demo_walks"]

_PERSON: Final = 2024
_LATER: Final[tuple[dict[str, Any], ...]] = (
    {"label": "normal", "pattern": None, "severity": 0.0, "number": 30},
    {"label": "impaired", "pattern": "stiff_knee", "severity": 0.8, "number": 31},
)


def demo_walks(workspace: Workspace, reporter: Reporter, *, count: int = 5) -> dict[str, Any]:
    """Render the demo walks into the workspace; those that are there already stay.

    Parameters
    ----------
    workspace : Workspace
    reporter : Reporter
    count : int
        Walks for the baseline, 3 to 20.

    Returns
    -------
    dict
        ``videos``: paths of the walks for a baseline. ``later``: one normal and one impaired walk, each with
        ``path``, ``label``, ``pattern`` and ``severity``.

    Raises
    ------
    SettingsError
        When `count` is out of range.
    """
    if not 3 <= count <= 20:
        raise SettingsError(f"Expected count between 3 and 20, but got {count}.", "Ask for five walks.")
    folder = workspace.root / "demo"
    plan: list[dict[str, Any]] = [
        {"name": f"demo_walk_{number + 1}.mp4", "number": number, "pattern": None, "severity": 0.0}
        for number in range(count)
    ]
    later = [
        {"name": f"demo_later_{spec['label']}.mp4", **{key: spec[key] for key in ("number", "pattern", "severity")}}
        for spec in _LATER
    ]
    with reporter.stage("simulate", "Rendering the demo walks"):
        reporter.progress("simulate", 0, len(plan) + len(later), "walks")
        for done, spec in enumerate([*plan, *later]):
            reporter.check()
            path = folder / str(spec["name"])
            if not path.is_file():
                with storage_guard(path):
                    folder.mkdir(parents=True, exist_ok=True)
                truth = walk(
                    sample_person(_PERSON),
                    seed=_PERSON * 100 + int(spec["number"]),
                    impairment=spec["pattern"],
                    severity=float(spec["severity"]),
                    affected_side="right",
                )
                truth.to_json(path.with_suffix(".truth.json"))
                render(truth, path, seed=int(spec["number"]), reporter=reporter)
            reporter.progress("simulate", done + 1, len(plan) + len(later), "walks")
    return {
        "videos": [str(folder / str(spec["name"])) for spec in plan],
        "later": [
            {
                "path": str(folder / str(spec["name"])),
                "label": known["label"],
                "pattern": known["pattern"],
                "severity": known["severity"],
            }
            for spec, known in zip(later, _LATER, strict=True)
        ],
    }
