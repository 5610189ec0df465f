"""One function per command: from parsed arguments to a JSON result and a text for people."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from gait_core.cli.answers import Answer, run_job, videos_of
from gait_core.cli.console import Console, duration_text
from gait_core.cli.gait_commands import write_reports
from gait_core.errors import InputError
from gait_core.progress import Reporter
from gait_core.workspace import Workspace

__all__: list[str] = []

_MARKS = {"normal": "● normal", "watch": "▲ watch", "alert": "■ alert"}


def doctor(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Examine the machine."""
    from gait_core.config import DEFAULT_PROFILE, PROFILES
    from gait_core.pose.devices.choice import known_choice
    from gait_core.pose.devices.results import trials_path
    from gait_core.pose.models.assets import model_checks
    from gait_core.runtime.devices import choose_training_device, find_devices
    from gait_core.runtime.doctor import examine

    checks = [*examine(workspace), *model_checks()]
    devices = find_devices(deep=args.deep)
    pose = known_choice(PROFILES[DEFAULT_PROFILE].pose_settings(), devices)
    training, why_training = choose_training_device(devices)
    chosen = {"pose": (pose.place.name, pose.why), "training": (training.name, why_training)}
    bad = [check for check in checks if not check.ok]
    lines = [f"{'ok     ' if c.ok else 'MISSING'}  {c.name}: {c.found}" for c in checks if not args.quiet or not c.ok]
    lines += [f"\n{c.name}: expected {c.expected}, but found {c.found}.\n  What to do: {c.remedy}" for c in bad]
    lines += [f"device   {device.name}: {device.reason}" for device in devices if not args.quiet]
    lines += [f"{use} runs on {name}. {why}" for use, (name, why) in chosen.items() if not args.quiet]
    if pose.trials and not args.quiet:
        lines += [f"tried    {trial.tried}: {trial.reason}" for trial in pose.trials if trial.reason not in pose.why]
        lines.append(f"To have devices tried again, delete {trials_path()}.")
    result = {
        "ok": not bad,
        "checks": [check.to_dict() for check in checks],
        "devices": [device.to_dict() for device in devices],
        "chosen": {use: {"device": name, "why": why} for use, (name, why) in chosen.items()},
        "pose_trials": [trial.to_dict() for trial in pose.trials],
        "exit_code": 1 if bad else 0,
    }
    if args.quiet:
        # Before the first fetch the models are missing, and that is ordinary.
        serious = [check for check in bad if not check.name.startswith("pose model")]
        result["exit_code"] = 1 if serious else 0
        lines = [line for line in lines if serious]
    return result, "\n".join(lines)


def models_fetch(args: argparse.Namespace, _: Workspace, console: Console) -> Answer:
    """Get the pose models."""
    from gait_core.pose.models.assets import ensure_models

    source = Path(args.source).expanduser() if args.source else None
    found = ensure_models(source=source, reporter=Reporter(sink=console.sink))
    text = "" if args.quiet else "\n".join(f"{name}: {path}" for name, path in found.items())
    return {"models": {name: str(path) for name, path in found.items()}}, text


def models_list(_: argparse.Namespace, __: Workspace, ___: Console) -> Answer:
    """List the pose models."""
    from gait_core.pose.models.assets import model_checks

    checks = model_checks()
    return {"models": [c.to_dict() for c in checks]}, "\n".join(f"{c.name}: {c.found}" for c in checks)


def simulate(args: argparse.Namespace, _: Workspace, console: Console) -> Answer:
    """Make videos of simulated walkers."""
    from gait_core.simulate.cohort import simulate_walks

    paths = simulate_walks(
        Path(args.folder),
        walks=args.walks,
        pattern=args.pattern,
        severity=args.severity,
        seed=args.seed,
        fps=args.fps,
        reporter=Reporter(sink=console.sink),
    )
    return {"videos": [str(path) for path in paths]}, "\n".join(map(str, paths))


def baseline_create(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Make a baseline."""
    params = {
        "videos": videos_of(args.videos),
        "subject": args.subject,
        "speed_mps": args.speed_mps,
        "height_m": args.height_m,
        "fps": args.fps,
        "profile": args.profile,
        "person": args.person,
        "cell": args.cell,
        "from_scratch": args.from_scratch,
        "workers": args.workers,
        "use_cache": not args.no_cache,
        "disable_optimizations": args.disable_optimizations,
        "cluster": args.cluster,
    }
    result = run_job(workspace, console, "baseline", params, f"Baseline of {args.subject}")
    thresholds, timing = result["thresholds"], result["timing_s"]
    lines = [
        f"Baseline {result['baseline_id']} of {args.subject}, from {len(result['walks'])} walks",
        f"  watch from {thresholds['watch']:.2f}, alert from {thresholds['alert']:.2f} ({thresholds['method']})",
        f"  {result['training']['note']}",
        "  " + ", ".join(f"{name} {duration_text(seconds)}" for name, seconds in timing.items()),
    ]
    return result, "\n".join(lines)


def baseline_list(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """List the baselines."""
    from gait_core.baseline.store import list_baselines

    found = list_baselines(workspace)
    lines = [f"{b.id}  {b.subject}  {b.n_walks} walks  {b.profile}  {b.mode}" for b in found]
    return {"baselines": [b.to_dict() for b in found]}, "\n".join(lines) or "No baselines yet."


def baseline_show(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Show one baseline."""
    import json

    from gait_core.baseline.store import load_baseline

    stored = load_baseline(workspace, args.id)
    result = {
        "baseline_id": stored.id,
        "manifest": stored.manifest,
        "thresholds": stored.thresholds.to_dict(),
        "walks": stored.walks,
    }
    return result, json.dumps(result, indent=2, ensure_ascii=False)


def baseline_delete(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Delete a baseline and its analyses."""
    from gait_core.baseline.store import delete_baseline

    delete_baseline(workspace, args.id)
    return {"deleted": args.id}, f"Deleted {args.id}."


def baseline_export(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Copy a baseline's artefacts."""
    from gait_core.baseline.export import export_baseline

    paths = export_baseline(workspace, args.id, Path(args.folder))
    return {"files": [str(path) for path in paths]}, "\n".join(map(str, paths))


def analyse(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Compare walks with a baseline."""
    params = {
        "videos": videos_of(args.videos),
        "baseline_id": args.baseline,
        "profile": args.profile,
        "person": args.person,
        "overlay": args.overlay,
        "cluster": args.cluster,
    }
    result = run_job(workspace, console, "analyse", params, f"Analysis of {len(args.videos)} walks")
    if args.report:
        write_reports(workspace, result["walks"], args.report, args.baseline)
    lines = [_walk_line(walk) for walk in result["walks"]]
    lines += [f"wrote {walk['report']}" for walk in result["walks"] if "report" in walk]
    if all("error" in walk for walk in result["walks"]):
        result["exit_code"] = 1
    lines.append("Decision support, not a medical device.")
    return result, "\n".join(lines)


def _walk_line(walk: dict[str, Any]) -> str:
    if "error" in walk:
        return f"✗ {walk['path']}: {walk['error']['message']} {walk['error']['remedy']}"
    level = _MARKS.get(walk["level"], "○ withheld")
    score = f"score {walk['score']:.2f}" if walk["score"] is not None else "no score"
    most = sorted(walk["joints"].items(), key=lambda pair: -pair[1])[:2]
    where = ", ".join(f"{name} {value:.1f}" for name, value in most)
    warned = "".join(f"\n    ! {warning['message']}" for warning in walk["warnings"])
    return f"{level}  {walk['path']}: {score}; most: {where}{warned}"


def pretrain(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Train the autoencoder that every baseline starts from."""
    from gait_core.workflows.pretrain import pretrain as run

    reporter = Reporter(sink=console.sink)
    out = Path(args.out) if args.out else None
    result = run(out, workspace, reporter, people=args.people, cell=args.cell)
    return result, f"Wrote {result['model']}; validation error {result['val_loss']:.4f}"


def bench(args: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Measure what the README quotes."""
    from gait_core.bench import registry

    result = registry.run(args.name, workspace, Reporter(sink=console.sink), quick=args.quick, data=args.data)
    return result, registry.as_text(result)


def cache_info(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """Tell what the cache holds."""
    from gait_core.cache import ArrayCache

    info = ArrayCache.of(workspace).info()
    rate = f"{100 * info.hit_rate:.0f} % of look-ups served" if info.hit_rate is not None else "not used yet"
    text = f"{info.entries} entries, {info.size_bytes / 1e6:.1f} of {info.limit_bytes / 1e6:.0f} MB, {rate}"
    return info.to_dict(), text


def cache_clear(_: argparse.Namespace, workspace: Workspace, __: Console) -> Answer:
    """Delete everything that can be computed again."""
    from gait_core.cache import ArrayCache

    freed = ArrayCache.of(workspace).clear()
    return {"freed_bytes": freed}, f"Freed {freed / 1e6:.1f} MB."


def demo(_: argparse.Namespace, workspace: Workspace, console: Console) -> Answer:
    """Do the main job on simulated walks."""
    walks = run_job(workspace, console, "demo_walks", {"count": 5}, "Five demo walks")
    baseline = run_job(
        workspace, console, "baseline", {"videos": walks["videos"], "subject": "demo"}, "Baseline of the demo walker"
    )
    later = [walk["path"] for walk in walks["later"]]
    analysed = run_job(
        workspace,
        console,
        "analyse",
        {"videos": later, "baseline_id": baseline["baseline_id"]},
        "Two later demo walks",
    )
    lines = [f"Baseline {baseline['baseline_id']}: watch from {baseline['thresholds']['watch']:.2f}"]
    for expected, walk in zip(walks["later"], analysed["walks"], strict=True):
        lines.append(f"{expected['label']}: {_walk_line(walk)}")
    expected_levels = {"normal": ("normal",), "impaired": ("watch", "alert")}
    met = all(
        walk.get("level") in expected_levels[expected["label"]]
        for expected, walk in zip(walks["later"], analysed["walks"], strict=True)
    )
    if not met:
        lines.append("The demo did not end as it should: the normal walk normal, the impaired one watch or alert.")
    lines.append("Decision support, not a medical device.")
    result = {"baseline": baseline, "analysis": analysed, "as_expected": met, "exit_code": 0 if met else 1}
    return result, "\n".join(lines)


def worker(args: argparse.Namespace, workspace: Workspace, _: Console) -> Answer:
    """Run one job folder, now or as soon as there is one."""
    logging.captureWarnings(True)
    if args.spare:
        from gait_core.jobs.spare_process import run_spare

        return {"job": run_spare(workspace, idle_s=args.idle_s)}, ""
    from gait_core.jobs.run import run_folder

    folder = Path(args.folder or "")
    if not args.folder or not (folder / "spec.json").is_file():
        raise InputError(f"Expected a job folder with spec.json, but got {folder}.", "Start jobs from the dashboard.")
    run_folder(folder, workspace)
    return {"job": folder.name}, ""
