"""The public face: what it exports, how light it is, how it is documented, and what it accepts."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gait_core as gait
from gait_core import api
from gait_core.api.inputs import edits_of, profile_name, reporter_for, scale_of, videos_of, workspace_of
from gait_core.config import PROFILES, profile_named
from gait_core.errors import Cancelled, InputError, NotFoundError, SettingsError
from gait_core.gait.events.edits import Edit, edits_to_json

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = {"analyse", "compare_profiles", "create_baseline", "extract", "measure", "simulate", "validate"} | {
    "evaluate",
    "predict",
    "train",
    "compare_runs",
    "embed",
    "enrol",
    "identify",
}
RESULTS = {
    "AnalysedWalks",
    "Baseline",
    "ClassifiedWalks",
    "Evaluation",
    "TrainingRun",
    "WalkClass",
    "ComparedProfiles",
    "ComparedRuns",
    "ExtractedWalks",
    "MeasuredWalks",
    "Validation",
    "EmbeddedWalks",
    "EnrolledWalks",
    "IdentifiedWalks",
    "WalkAnalysis",
    "WalkEmbedding",
    "WalkEnrolment",
    "WalkIdentity",
    "WalkLandmarks",
    "WalkMeasurement",
}
OTHERS = {"GaitError", "Profile", "Reporter", "Workspace"}
EARLY = ("numpy", "scipy", "pandas", "matplotlib", "cv2", "tensorflow", "keras", "mediapipe", "openvino", "streamlit")


def loaded_by(code):
    script = f"{code}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()


def test_exactly_these_names_are_public():
    assert set(gait.__all__) == FUNCTIONS | RESULTS | OTHERS | {"__version__"}
    assert set(api.__all__) == FUNCTIONS | RESULTS | OTHERS
    assert gait.__all__ == sorted(gait.__all__, key=lambda name: (not name[0].isupper(), name))
    assert set(dir(gait)) == set(gait.__all__)


def test_every_public_name_is_there_and_no_other():
    for name in gait.__all__:
        assert getattr(gait, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'analyze'"):
        _ = gait.analyze


def test_the_import_loads_nothing_else():
    assert not set(loaded_by("import gait_core as gait; dir(gait); gait.__version__")) & set(EARLY)


def test_using_a_name_loads_no_model_library():
    heavy = {"pandas", "matplotlib", "tensorflow", "keras", "mediapipe", "openvino", "streamlit"}
    assert not set(loaded_by("import gait_core as gait; [getattr(gait, name) for name in gait.__all__]")) & heavy


@pytest.mark.parametrize(
    "first",
    ["gait.simulate", "import gait_core.simulate.walker", "from gait_core.simulate.walker import walk", "gait.measure"],
)
def test_simulate_is_function_and_subpackage_whichever_is_used_first(first, tmp_path):
    code = (
        f"import gait_core as gait\n{first}\nimport gait_core.simulate.person as person\n"
        "assert person.sample_person and gait.simulate.person is person\n"
        "from gait_core import simulate\nassert simulate is gait.simulate\n"
        f"try:\n    gait.simulate({str(tmp_path)!r}, walks=0)\nexcept gait.GaitError as error:\n    print(error.kind)"
    )
    assert "SettingsError" in loaded_by(code)


def members():
    """Yield every public function, class and method with its name."""
    for name in sorted(FUNCTIONS | RESULTS):
        found = getattr(api, name)
        yield name, found
        if inspect.isclass(found):
            for base in found.__mro__:
                if base.__module__.startswith("gait_core.api"):
                    for own, value in vars(base).items():
                        function = getattr(value, "__func__", value)
                        if not own.startswith("_") and inspect.isfunction(function):
                            yield f"{name}.{own}", function


@pytest.mark.parametrize(("name", "member"), list(members()), ids=lambda value: value if isinstance(value, str) else "")
def test_every_public_callable_is_documented(name, member):
    text = inspect.getdoc(member) or ""
    first = text.splitlines()[0]
    assert first.endswith("."), name
    if inspect.isclass(member):
        return
    assert re.match(r"[A-Z][a-z]+ ", first), f"{name} begins with what it does"
    signature = inspect.signature(member)
    wanted = [own for own in signature.parameters if own not in ("self", "cls")]
    sections = re.split(r"\n(?=\w+\n-+\n)", text)
    heads = {section.splitlines()[0] for section in sections[1:]}
    parameters = next((section for section in sections if section.startswith("Parameters")), "")
    named = set(re.findall(r"\w+", " ".join(line for line in parameters.splitlines()[2:] if line[:1].strip())))
    assert set(wanted) <= named, f"{name} documents its parameters"
    assert "Returns" in heads, name
    if name in FUNCTIONS:
        assert "Raises" in heads, name


def test_every_function_takes_a_reporter_and_most_a_workspace():
    for name in FUNCTIONS:
        parameters = inspect.signature(getattr(gait, name)).parameters
        assert parameters["reporter"].default is None
        if name != "simulate":
            assert parameters["workspace"].default is None


def test_videos_may_be_named_in_every_way(tmp_path):
    for name in ("b.mp4", "a.MOV", ".hidden.mp4", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "c.mkv").touch()
    both = [str(tmp_path / "a.MOV"), str(tmp_path / "b.mp4")]
    assert videos_of(tmp_path) == videos_of(str(tmp_path)) == both
    assert videos_of([tmp_path / "b.mp4", str(tmp_path / "a.MOV")]) == both[::-1]
    assert videos_of(path for path in [tmp_path]) == both
    assert videos_of(tmp_path, deep=True)[-1].endswith("c.mkv")
    assert videos_of(tmp_path / "gone.mp4") == [str(tmp_path / "gone.mp4")]


@pytest.mark.parametrize("given", [[], (), 5, [None]])
def test_what_is_no_video_is_refused(given):
    with pytest.raises(InputError, match="Expected"):
        videos_of(given)


def test_the_workspace_may_be_named_in_every_way(tmp_path, monkeypatch):
    monkeypatch.setenv("GAIT_WORKSPACE", str(tmp_path / "default"))
    assert workspace_of(None).root == tmp_path / "default"
    assert workspace_of(str(tmp_path)).root == workspace_of(tmp_path).root == tmp_path
    own = gait.Workspace(tmp_path)
    assert workspace_of(own) is own


def test_a_profile_of_ones_own_is_stored_under_its_name(workspace):
    own = PROFILES["fast"].with_(name="evening", base="fast", max_side_px=320)
    assert profile_name("fast", workspace) == "fast"
    assert profile_name(own, workspace) == "evening"
    assert profile_named("evening", workspace.profiles).pose_settings() == own.pose_settings()
    assert profile_name(own, workspace) == "evening", "and taken as it is the second time"
    with pytest.raises(InputError, match=r"'evening'.*other settings"):
        profile_name(own.with_(max_side_px=640), workspace)
    with pytest.raises(InputError, match=r"'fast'.*other settings"):
        profile_name(PROFILES["fast"].with_(confidence=0.9), workspace)


def test_only_one_source_of_metres():
    assert scale_of() == {}
    assert scale_of(distance_m=2.0, distance_px=300.0) == {"kind": "distance", "value": 2.0, "pixels": 300.0}
    with pytest.raises(InputError, match="height, speed"):
        scale_of(height_m=1.7, speed_mps=1.2)


def test_changed_events_come_from_a_file_or_from_objects(tmp_path):
    edit = Edit(action="delete", side="left", kind="foot_off", time_s=1.0)
    file = tmp_path / "edits.json"
    file.write_text(edits_to_json([edit]))
    assert edits_of(file) == edits_of([edit]) == edits_of(edits_of([edit]))
    with pytest.raises(InputError, match="cannot be read"):
        edits_of(tmp_path / "gone.json")
    with pytest.raises(InputError, match="action, side"):
        edits_of([{"wrong": 1}])


def test_a_reporter_hears_everything_and_each_call_has_its_own_clock():
    heard = []
    mine = gait.Reporter(sink=heard.append, stop_early=lambda: True)
    for _ in range(2):
        told = reporter_for(mine)
        with told.stage("measure", "Finding the steps"):
            told.warn("measure", "careful")
        assert list(told.timing_s) == ["measure"]
        assert told.wants_early_stop()
    assert [event.kind for event in heard] == ["stage", "warning", "stage_end"] * 2
    assert mine.timing_s == {}


def test_a_call_can_be_cancelled(tmp_path):
    with pytest.raises(Cancelled):
        gait.simulate(tmp_path, walks=1, reporter=gait.Reporter(cancelled=lambda: True))
    assert not list(tmp_path.iterdir())


def test_a_video_that_is_not_there_is_an_entry_with_its_error(tmp_path, workspace):
    measured = gait.measure([tmp_path / "one.mp4", str(tmp_path / "two.mp4")], workspace=workspace)
    assert [walk.name for walk in measured] == ["one.mp4", "two.mp4"]
    assert all(isinstance(walk.error, gait.GaitError) for walk in measured)
    assert measured.to_dict()["exit_code"] == 1
    assert list(measured.to_dataframe()["side"]) == ["failed", "failed"]


def test_errors_are_those_of_the_one_tree(tmp_path, workspace):
    with pytest.raises(NotFoundError, match="'nobody'"):
        gait.analyse(tmp_path / "walk.mp4", "nobody", workspace=workspace)
    with pytest.raises(SettingsError, match="'turbo'"):
        gait.measure(tmp_path / "walk.mp4", profile="turbo", workspace=workspace)
    with pytest.raises(InputError, match="at least 3 videos"):
        gait.create_baseline(tmp_path / "walk.mp4", subject="P014", workspace=workspace)
    with pytest.raises(InputError, match="two to"):
        gait.compare_profiles(tmp_path / "walk.mp4", ["fast"], workspace=workspace)
    with pytest.raises(NotFoundError, match="there is none"):
        gait.validate(tmp_path / "reference.csv", workspace=workspace)
    (tmp_path / "reference.csv").write_text("time_s,side,kind\n1,left,ic\n")
    with pytest.raises(InputError, match="video beside"):
        gait.validate(tmp_path / "reference.csv", workspace=workspace)


def test_a_baseline_is_used_in_its_own_workspace(tmp_path, workspace):
    baseline = gait.Baseline(id="p014-1", workspace=workspace, answer={})
    with pytest.raises(InputError, match="workspace of the baseline"):
        gait.analyse(tmp_path / "walk.mp4", baseline, workspace=tmp_path / "another")
    with pytest.raises(NotFoundError, match="'p014-1'"):
        gait.analyse(tmp_path / "walk.mp4", baseline)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gait.measure("a.mp4", workspace=5), "workspace to be a Workspace or a folder"),
        (lambda: gait.measure("a.mp4", reporter=5), "reporter to be a Reporter"),
        (lambda: gait.measure("a.mp4", settings=[1]), "settings to be MeasureSettings"),
        (lambda: gait.measure("a.mp4", height_m="1.75"), "height_m to be a number"),
        (lambda: gait.create_baseline("a.mp4", subject=None), "subject to be a text"),
        (lambda: gait.extract(""), "empty name"),
        (lambda: gait.measure([""]), "empty name"),
    ],
    ids=["workspace", "reporter", "settings", "height", "subject", "extract", "measure"],
)
def test_wrong_types_are_one_clear_message(call, words):
    with pytest.raises(InputError, match=words) as caught:
        call()
    assert caught.value.remedy
