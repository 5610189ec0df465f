"""The baseline wizard: Import → Configure → Run → Results. Step, draft and job are kept in the URL."""

from __future__ import annotations

from typing import Final

from app.components import heading, steps
from app.draft import Draft
from app.state import active_job, param, recall, remember, set_params, workspace
from app.views import wizard_configure, wizard_import, wizard_results, wizard_run
from app.views.wizard_steps import move

__all__ = ["STEPS", "render"]

STEPS: Final = ("import", "configure", "run", "results")
_NAMES: Final = ("Import", "Configure", "Run", "Results")


def render() -> None:
    """Draw the page."""
    _restore()
    heading("Baseline wizard", "Turns five walks of one person into personal limits for normal, watch and alert.")
    step = param("step") or "import"
    if step not in STEPS or (step in ("run", "results") and not param("job")):
        step = "import"
    steps(_NAMES, STEPS.index(step))
    if step in ("run", "results"):
        job_id = param("job") or ""
        (wizard_run if step == "run" else wizard_results).render(job_id)
        return
    draft = Draft.load(workspace(), param("draft"))
    (wizard_import if step == "import" else wizard_configure).render(draft)


def _restore() -> None:
    """Without parameters in the URL, continue where this tab was, else at the running baseline job."""
    if param("step") or param("job") or param("draft"):
        remember("wizard", {"step": param("step"), "draft": param("draft"), "job": param("job")})
        return
    kept = recall("wizard")
    if kept:
        set_params(**kept)
        return
    job = active_job()
    if job is not None and job.kind == "baseline":
        move("run", job=job.id)
