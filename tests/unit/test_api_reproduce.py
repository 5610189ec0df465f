"""From the parameters of a job to a command and Python lines that lead to the same parameters."""

from __future__ import annotations

import ast
import inspect
import shlex
from dataclasses import asdict

import pytest

import gait_core as gait
from gait_core.api.reproduce import KINDS, reproduce
from gait_core.cli.answers import absolute
from gait_core.cli.console import Console
from gait_core.cli.main import build_parser
from gait_core.config import MeasureSettings, ThresholdSettings
from gait_core.errors import InputError
from gait_core.gait.events.edits import Edit, edits_to_json
from gait_core.gait.parameters.scale import ScaleInput
from gait_core.workflows.create_baseline import BaselineRequest
from gait_core.workflows.extract import ExtractRequest
from gait_core.workflows.measure import MeasureRequest
from gait_core.workflows.recognise.embed import EmbedRequest
from gait_core.workflows.recognise.enrol import EnrolRequest
from gait_core.workflows.recognise.identify import IdentifyRequest

VIDEOS = ["/data/walks/one.mp4", "/data/it's $HOME/two walks.mp4", "/data/-three.mp4"]
EDIT = asdict(Edit(action="move", side="left", kind="foot_off", time_s=1.0, new_time_s=1.05))
BASELINES = [
    {"videos": VIDEOS, "subject": "P014"},
    {"videos": VIDEOS, "subject": "-x; rm -rf /", "profile": "my profile", "speed_mps": 1.25, "cell": "lstm"},
    {"videos": VIDEOS, "subject": "Ünïcödé", "height_m": 1.7, "fps": 120.0, "from_scratch": True, "workers": 2},
    {"videos": VIDEOS, "subject": "a", "use_cache": False, "disable_optimizations": True, "person": "largest"},
    {"videos": VIDEOS, "subject": "a", "cluster": "tcp://10.0.0.5:8786", "thresholds": ThresholdSettings().to_dict()},
]
ANALYSES = [
    {"videos": VIDEOS, "baseline_id": "p014-20260101-000000-abcdef"},
    {"videos": VIDEOS[:1], "baseline_id": "p014-1", "overlay": False, "profile": "fast", "person": "leftmost"},
    {"videos": VIDEOS, "baseline_id": "p014-1", "overlay": True, "profile": None, "cluster": "tcp://10.0.0.5:8786"},
    {"videos": VIDEOS, "baseline_id": "p014-1", "overlay": False, "guard": "clinic-2026", "classify": False},
]
MEASUREMENTS = [
    {"videos": VIDEOS},
    {"videos": VIDEOS, "subject": "P014", "scale": ScaleInput(kind="height", value=1.7).to_dict(), "profile": "fast"},
    {"videos": VIDEOS, "scale": {"kind": "distance", "value": 3.0, "pixels": 512.0}, "fps": 120.0, "side": "left"},
    {"videos": VIDEOS, "scale": {"kind": "speed", "value": 1.3}, "settings": {"event_method": "velocity"}},
    {"videos": VIDEOS[:1], "edits": [EDIT], "settings": MeasureSettings().to_dict(), "use_cache": False},
    {"videos": VIDEOS, "workers": 3, "person": "rightmost", "scale": ScaleInput().to_dict()},
]
EXTRACTIONS = [
    {"videos": VIDEOS, "profile": "balanced", "engine": None, "person": "auto", "workers": None, "use_cache": True},
    {"videos": VIDEOS, "profile": "fast", "engine": "mediapipe", "person": "largest", "workers": 2, "export": "/o u/t"},
    {"videos": VIDEOS, "cluster": "tcp://10.0.0.5:8786"},
]
VALIDATIONS = [
    {"reference": "/lab/walk one.csv", "video": VIDEOS[1], "offset_s": -0.25, "profile": "accurate"},
    {"reference": "/lab/walk.c3d", "video": VIDEOS[0], "scale": {"kind": "height", "value": 1.8}},
    {"reference": "/lab/mocap.npz"},
]
COMPARISONS = [
    {"video": VIDEOS[1], "profiles": ["fast", "accurate"], "overlay": False, "person": "largest"},
    {"video": VIDEOS[0], "profiles": ["fast", "balanced", "accurate"], "overlay": True, "person": "auto"},
]
SIMULATIONS = [
    {"folder": "/data/my walks", "walks": 7, "pattern": "stiff_knee", "severity": 0.9, "seed": 3, "fps": 25.0}
]
RECOGNITIONS = {
    "recognise_embed": [
        {"sources": VIDEOS},
        {"sources": VIDEOS[:1], "model": "tiny", "view": "front", "out": "/o u/t.npz", "previews": False},
        {"sources": VIDEOS, "profile": "fast", "person": "largest", "workers": 2, "level": "balanced", "strict": True},
    ],
    "recognise_enrol": [
        {"sources": VIDEOS, "gallery": "Clinic", "subject": "P014", "consent": "it's in writing, 3 May; rm -rf /"},
        {"sources": VIDEOS[:1], "gallery": "-g", "subject": "-s", "consent": "-", "model": "tiny", "view": "side"},
    ],
    "recognise_identify": [
        {"sources": VIDEOS, "gallery": "clinic-20260101-000000-abcdef"},
        {"sources": VIDEOS, "gallery": "Clinic", "k": 3, "metric": "cos", "aim": 0.1, "view": "side"},
    ],
}
CASES = [
    *(("baseline", case) for case in BASELINES),
    *(("analyse", case) for case in ANALYSES),
    *(("measure", case) for case in MEASUREMENTS),
    *(("extract", case) for case in EXTRACTIONS),
    *(("validate", case) for case in VALIDATIONS),
    *(("compare_profiles", case) for case in COMPARISONS),
    *(("simulate", case) for case in SIMULATIONS),
    *((kind, case) for kind, cases in RECOGNITIONS.items() for case in cases),
]
RECOGNITION_REQUESTS = {
    "recognise_embed": EmbedRequest,
    "recognise_enrol": EnrolRequest,
    "recognise_identify": IdentifyRequest,
}


class Started(Exception):
    """Raised in place of starting a job; holds its kind and parameters."""


def started_by(command, workspace, monkeypatch):
    """Run a command line up to the job that it starts; return the kind and parameters of that job."""

    def run_now(_, kind, params, *__, **___):
        raise Started(kind, dict(params))

    monkeypatch.setattr("gait_core.jobs.run.run_now", run_now)
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "gait_core"]
    args = build_parser().parse_args(words[3:])
    with pytest.raises(Started) as started:
        args.run(args, workspace, Console(quiet=True))
    return started.value.args


def called(python):
    """Return the name of the one function that Python lines call, its positional and its keyword arguments."""
    tree = ast.parse(python)
    (assigned,) = [node for node in tree.body if isinstance(node, ast.Assign)]
    call = assigned.value
    assert isinstance(call, ast.Call)
    values = [ast.literal_eval(value) for value in call.args]
    return call.func.attr, values, {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}


def full(kind, params):
    """Return parameters with everything that they leave to a default."""
    known = {name: value for name, value in params.items() if value is not None}
    cluster = known.get("cluster")
    if kind == "extract":
        return ExtractRequest.from_dict(known).to_dict()
    if kind in RECOGNITION_REQUESTS:
        return RECOGNITION_REQUESTS[kind].from_dict(known).to_dict()
    known.pop("cluster", None)
    if kind == "baseline":
        thresholds = ThresholdSettings.from_dict(known.get("thresholds") or {}).to_dict()
        return BaselineRequest.from_dict(known | {"thresholds": thresholds}).to_dict() | {"cluster": cluster}
    if kind == "measure":
        settings = MeasureSettings.from_dict(known.get("settings") or {}).to_dict()
        scale = ScaleInput.from_dict(known.get("scale") or {}).to_dict()
        parts = {"settings": settings, "scale": scale, "edits": list(known.get("edits") or ())}
        return MeasureRequest.from_dict(known | parts).to_dict() | {"cluster": cluster}
    if kind == "analyse":
        usual = {"profile": None, "person": "auto", "overlay": True, "classify": True, "guard": "auto"}
        return usual | {"cluster": cluster} | known
    if kind == "compare_profiles":
        return known
    return {"pattern": None, "severity": 0.7} | known


@pytest.fixture
def all_there(monkeypatch):
    """Let the files and baselines that the commands name be there."""
    for module in ("answers", "commands.extract", "commands.recognise", "commands.validate"):
        monkeypatch.setattr(f"gait_core.cli.{module}.present", absolute)
    monkeypatch.setattr("gait_core.baseline.named.baseline_id_of", lambda _, name: name)


@pytest.mark.usefixtures("all_there")
@pytest.mark.parametrize(("kind", "params"), [case for case in CASES if case[0] != "validate"], ids=str)
def test_the_command_starts_the_same_job(kind, params, workspace, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "edits.json").write_text(edits_to_json([Edit(**EDIT)]))
    kind_started, started = started_by(reproduce(kind, params).command, workspace, monkeypatch)
    assert kind_started == kind
    assert full(kind, started) == full(kind, params)


@pytest.mark.parametrize("params", VALIDATIONS, ids=str)
def test_the_command_validates_the_same(params):
    args = build_parser().parse_args(shlex.split(reproduce("validate", params).command)[3:])
    assert args.reference == params["reference"]
    assert args.video == params.get("video")
    assert args.offset_s == params.get("offset_s")
    assert args.profile == params.get("profile", "balanced")
    assert args.height_m == params.get("scale", {}).get("value")


@pytest.mark.parametrize(("kind", "params"), CASES, ids=str)
def test_the_python_lines_call_the_public_face(kind, params):
    python = reproduce(kind, params).python
    compile(python, "reproduced", "exec")
    assert python.startswith("import gait_core as gait\n")
    name, values, keywords = called(python)
    signature = inspect.signature(getattr(gait, name))
    signature.bind(*values, **keywords)
    for keyword, value in keywords.items():
        if keyword != "thresholds":
            assert signature.parameters[keyword].default != value, f"{keyword} could be left out"


@pytest.mark.usefixtures("all_there")
@pytest.mark.parametrize(
    ("kind", "params"), [case for case in CASES if case[0] in ("baseline", "measure", "analyse")], ids=str
)
def test_the_python_lines_ask_the_workflow_for_the_same(kind, params, workspace, monkeypatch):
    asked = {}

    def workflow(first, *rest, **options):
        asked["first"], asked["rest"], asked["options"] = first, rest, options
        raise Started()

    module = {"baseline": "create_baseline", "measure": "measure", "analyse": "analyse"}[kind]
    function = {"baseline": "create_baseline", "measure": "measure_walks", "analyse": "analyse_walks"}[kind]
    monkeypatch.setattr(f"gait_core.workflows.{module}.{function}", workflow)
    monkeypatch.setattr("gait_core.workflows.cluster_landmarks.spread", lambda given, *_: without_cluster(given))
    name, values, keywords = called(reproduce(kind, params, workspace=workspace.root).python)
    with pytest.raises(Started):
        getattr(gait, name)(*values, **keywords)
    if kind == "analyse":
        found = {"videos": asked["first"], "baseline_id": asked["rest"][0], **asked["options"]}
        assert full(kind, found) == full(kind, params)
    else:
        assert full(kind, asked["first"].to_dict()) == full(kind, without_cluster(params))


@pytest.mark.parametrize(
    ("kind", "params"), [(kind, case) for kind, cases in RECOGNITIONS.items() for case in cases], ids=str
)
def test_the_python_lines_ask_recognition_for_the_same(kind, params, workspace, monkeypatch):
    def workflow(request, *_, **__):
        raise Started(request)

    name = kind.removeprefix("recognise_")
    monkeypatch.setattr(f"gait_core.workflows.recognise.{name}.{name}_walks", workflow)
    function, values, keywords = called(reproduce(kind, params, workspace=workspace.root).python)
    assert function == name
    with pytest.raises(Started) as started:
        getattr(gait, function)(*values, **keywords)
    assert full(kind, started.value.args[0].to_dict()) == full(kind, params)


def without_cluster(params):
    return {name: value for name, value in params.items() if name != "cluster"}


def test_limits_and_settings_without_an_option_are_left_to_python():
    baseline = reproduce("baseline", BASELINES[0] | {"thresholds": ThresholdSettings(watch_rate=0.1).to_dict()})
    assert baseline.command == ""
    assert "Python" in baseline.notes[0]
    assert called(baseline.python)[2]["thresholds"] == {"watch_rate": 0.1}
    measured = reproduce("measure", {"videos": VIDEOS, "settings": {"cutoff_hz": 8.0}})
    assert measured.command == ""
    assert called(measured.python)[2]["settings"] == {"cutoff_hz": 8.0}


def test_changed_events_and_the_workspace_are_named():
    made = reproduce("measure", MEASUREMENTS[4], workspace="/data/my workspace")
    assert "--events edits.json" in made.command
    assert "edits.json" in made.notes[0]
    assert made.command.endswith("--workspace '/data/my workspace'")
    assert called(made.python)[2]["events"] == [EDIT]
    assert called(made.python)[2]["workspace"] == "/data/my workspace"


def test_only_what_differs_is_said():
    assert reproduce("baseline", {"videos": ["/a.mp4"], "subject": "P014", "cell": "gru", "workers": None}).command == (
        "python -m gait_core baseline create /a.mp4 --subject P014"
    )
    assert reproduce("measure", {"videos": ["/a.mp4"], "settings": {}, "scale": {}}).python == (
        "import gait_core as gait\n\nmeasured = gait.measure(\n    ['/a.mp4'],\n)\nmeasured.to_dataframe()\n"
    )


def test_another_kind_or_missing_parameters_are_refused():
    with pytest.raises(InputError, match=r"analyse.*but got 'dream'"):
        reproduce("dream", {})
    for kind in KINDS:
        with pytest.raises(InputError, match=f"parameters of a {kind} job"):
            reproduce(kind, {})
