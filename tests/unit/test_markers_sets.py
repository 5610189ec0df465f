import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marker_files import Z_UP, body, outer_and_inner, pelvis, write_c3d
from measured_walks import measured

from gait_core.errors import InputError
from gait_core.gait.angles import SIDES
from gait_core.markers.directions import directions_of
from gait_core.markers.joint_centres import fill_short_gaps, hip_centres
from gait_core.markers.marker_names import sided
from gait_core.markers.marker_sets import LEG_PARTS, legs_of
from gait_core.markers.trial import read_trial
from gait_core.report.exports import EXPORTERS
from gait_core.report.exports.export_job import ExportJob
from gait_core.report.exports.placed import place_passes

pytest.importorskip("ezc3d")

FORWARD_UP = np.array(Z_UP).T
"""What is seen from the side."""


def markers(names, points=None):
    """Return label → positions; names maps places to labels with {s}, {S}, {side} for the side."""
    points = points or body()
    around = pelvis(points)
    found = {}
    for side in SIDES:
        knee, ankle = (outer_and_inner(points, side, joint) for joint in ("knee", "ankle"))
        foot = points[f"{side}_foot_index"]
        across = points["right_hip"] - points["left_hip"]
        places = {
            "hip": points[f"{side}_hip"],
            "trochanter": points[f"{side}_hip"] + across * (0.3 if side == "right" else -0.3),
            "asis": around[side, "asis"],
            "psis": around[side, "psis"],
            "knee": points[f"{side}_knee"],
            "outer knee": knee[0],
            "inner knee": knee[1],
            "ankle": points[f"{side}_ankle"],
            "outer ankle": ankle[0],
            "inner ankle": ankle[1],
            "heel": points[f"{side}_heel"],
            "toe": foot,
            "one": foot + 0.1 * across,
            "five": foot - 0.1 * across,
            "shoulder": points[f"{side}_shoulder"],
            "else": points[f"{side}_knee"] + [0.05, 0.05, 0.05],
        }
        for place, labels in names.items():
            if place != "sacrum":
                for label in labels.split():
                    found[label.format(s=side[0], S=side[0].upper(), side=side, Side=side.title())] = places[place]
    if "sacrum" in names:
        found[names["sacrum"]] = (around["left", "psis"] + around["right", "psis"]) / 2
    return found


PIG = {"asis": "{S}ASI", "outer knee": "{S}KNE", "outer ankle": "{S}ANK", "heel": "{S}HEE", "toe": "{S}TOE"}
IOR = {
    "asis": "{S}.ASIS",
    "psis": "{S}.PSIS",
    "trochanter": "{S}.GTR",
    "outer knee": "{S}.Knee",
    "outer ankle": "{S}.Ankle",
    "else": "{S}.HF {S}.TT",
    "heel": "{S}.Heel",
    "one": "{S}.MT1",
    "five": "{S}.MT5",
}
SETS = {
    "Plug-in Gait": {**PIG, "psis": "{S}PSI", "else": "{S}THI {S}TIB", "shoulder": "{S}SHO"},
    "Plug-in Gait with SACR": {**PIG, "sacrum": "SACR", "else": "{S}THI {S}TIB"},
    "Plug-in Gait and its model": {**PIG, "sacrum": "SACR", "hip": "{S}HJC", "knee": "{S}KJC", "ankle": "{S}AJC"},
    "Plug-in Gait and its bones": {**PIG, "hip": "{S}FEP", "knee": "{S}FEO", "ankle": "{S}TIO"},
    "Plug-in Gait of a subject": {place: f"Anna:{label}" for place, label in {**PIG, "psis": "{S}PSI"}.items()},
    "CGM2": {
        **PIG,
        "psis": "{S}PSI",
        "inner knee": "{S}KNM",
        "inner ankle": "{S}MED",
        "one": "{S}FMH",
        "five": "{S}VMH",
    },
    "CGM2 without inner markers": {
        **{place: PIG[place] for place in PIG if place != "toe"},
        "sacrum": "SACR",
        "toe": "{S}SMH",
        "one": "{S}FMH",
        "five": "{S}VMH",
    },
    "Helen Hayes": {
        "asis": "{S}.ASIS",
        "sacrum": "V.Sacral",
        "outer knee": "{S}.Knee",
        "outer ankle": "{S}.Ankle",
        "heel": "{S}.Heel",
        "toe": "{S}.Toe",
        "else": "{S}.Thigh {S}.Shank",
    },
    "IOR (Leardini)": IOR,
    "IOR (Leardini) with inner markers": {**IOR, "inner knee": "{S}.Knee.Medial", "inner ankle": "{S}.Ankle.Medial"},
    "IOR (Leardini) in short": {
        "asis": "{S}ASIS",
        "psis": "{S}PSIS",
        "outer knee": "{S}LE",
        "inner knee": "{S}ME",
        "outer ankle": "{S}LM",
        "inner ankle": "{S}MM",
        "heel": "{S}CA",
        "one": "{S}FM",
        "five": "{S}VM",
    },
    "Rizzoli": {
        "asis": "{S}ASI",
        "psis": "{S}PSI",
        "outer knee": "{S}KNE",
        "outer ankle": "{S}LM",
        "inner ankle": "{S}MM",
        "heel": "{S}CA",
        "one": "{S}FMH",
        "toe": "{S}SMH",
        "five": "{S}VMH",
    },
    "OpenCap": {
        "hip": "{S}HJC_study",
        "asis": "{s}.ASIS_study",
        "psis": "{s}.PSIS_study",
        "outer knee": "{s}_knee_study",
        "inner knee": "{s}_mknee_study",
        "outer ankle": "{s}_ankle_study",
        "inner ankle": "{s}_mankle_study",
        "heel": "{s}_calc_study",
        "toe": "{s}_toe_study",
        "five": "{s}_5meta_study",
        "shoulder": "{s}_shoulder_study",
    },
    "CAST": {
        "asis": "{S}_IAS",
        "psis": "{S}_IPS",
        "outer knee": "{S}_FLE",
        "inner knee": "{S}_FME",
        "outer ankle": "{S}_FAL",
        "inner ankle": "{S}_TAM",
        "heel": "{S}_FCC",
        "one": "{S}_FM1",
        "five": "{S}_FM5",
    },
    "Human Body Model": {
        "asis": "{S}ASIS",
        "psis": "{S}PSIS",
        "outer knee": "{S}LEK",
        "inner knee": "{S}MEK",
        "outer ankle": "{S}LM",
        "inner ankle": "{S}MM",
        "heel": "{S}HEE",
        "toe": "{S}TOE",
    },
    "joint centres (Theia)": {
        "hip": "{s}_hip",
        "knee": "{s}_knee",
        "ankle": "{s}_ankle",
        "heel": "{s}_heel",
        "toe": "{s}_toe",
    },
    "joint centres (OpenPose)": {
        "hip": "{S}Hip",
        "knee": "{S}Knee",
        "ankle": "{S}Ankle",
        "heel": "{S}Heel",
        "toe": "{S}BigToe",
    },
    "MediaPipe landmarks": {
        "hip": "{side}_hip",
        "knee": "{side}_knee",
        "ankle": "{side}_ankle",
        "heel": "{side}_heel",
        "toe": "{side}_foot_index",
    },
    "anatomical markers": {
        "asis": "{Side}Asis",
        "psis": "{Side}Psis",
        "outer knee": "KneeLat_{S}",
        "inner knee": "KneeMed_{S}",
        "outer ankle": "AnkleLat_{S}",
        "inner ankle": "AnkleMed_{S}",
        "heel": "Heel{S}",
        "toe": "{side}-toe",
    },
}


@pytest.mark.parametrize("name", SETS)
def test_every_set_gives_the_joints_as_seen_from_the_side(tmp_path, name):
    truth = body()
    legs = legs_of(read_trial(write_c3d(tmp_path / "walk.c3d", markers(SETS[name]))))
    assert name.startswith(legs.marker_set)
    wanted = {f"{side}_{part}" for side in SIDES for part in LEG_PARTS}
    assert wanted <= set(legs.points_m) == set(legs.made_of)
    for landmark in wanted:
        apart_m = (legs.points_m[landmark] - truth[landmark]) @ FORWARD_UP
        assert np.sqrt(np.mean(apart_m**2)) < 0.008, (landmark, legs.made_of[landmark])


def test_how_a_joint_was_obtained_is_named(tmp_path):
    made_of = legs_of(read_trial(write_c3d(tmp_path / "cgm2.c3d", markers(SETS["CGM2"])))).made_of
    assert made_of["left_knee"] == "middle of LKNE and LKNM"
    assert made_of["right_hip"] == "Harrington 2007 from the pelvis markers LASI, RASI, LPSI, RPSI"
    legs = legs_of(read_trial(write_c3d(tmp_path / "pig.c3d", markers(SETS["Plug-in Gait"]))))
    assert legs.made_of["left_ankle"] == "LANK, moved inwards by 42 mm"
    assert legs.made_of["left_shoulder"] == "LSHO"
    assert any("knee and ankle is estimated from the lateral marker" in note for note in legs.notes)
    ior = legs_of(read_trial(write_c3d(tmp_path / "ior.c3d", markers(IOR))))
    assert ior.made_of["left_foot_index"] == "middle of L.MT1 and L.MT5"
    assert any("behind the toes" in note for note in ior.notes)


def test_a_model_that_gave_nothing_is_not_taken(tmp_path):
    points = markers({**SETS["IOR (Leardini)"], "hip": "V_{S}.Hip_JC", "knee": "V_{S}.Knee_JC_Dynamic"})
    for label in points:
        if label.startswith("V_"):
            points[label] = np.full_like(points[label], np.nan)
    points["V_L.Hip_JC"][:5] = 1.0
    legs = legs_of(read_trial(write_c3d(tmp_path / "walk.c3d", points)))
    assert legs.made_of["left_hip"].startswith("Harrington")
    assert legs.made_of["left_knee"].startswith("L.Knee, moved")


def test_without_a_pelvis_the_trochanters_stand_for_the_hips(tmp_path):
    names = {place: label for place, label in IOR.items() if place not in ("asis", "psis")}
    legs = legs_of(read_trial(write_c3d(tmp_path / "walk.c3d", markers(names))))
    assert legs.made_of["left_hip"] == "greater trochanter L.GTR"
    assert "greater trochanters stand for the hip joints" in legs.notes[0]


def test_a_set_that_lacks_something_is_refused_by_name(tmp_path):
    names = {place: label for place, label in SETS["Plug-in Gait"].items() if place != "heel"}
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", markers(names)))
    with pytest.raises(InputError, match=r"Plug-in Gait, lacks LHEE, RHEE\. Found were LANK, LASI") as refusal:
        legs_of(trial)
    assert "left heel, right heel" in str(refusal.value)
    assert refusal.value.remedy


@pytest.mark.parametrize("points", [{}, {"LKNE": np.full((5, 3), np.nan)}], ids=["no points", "no values"])
def test_nothing_to_walk_with_is_refused(tmp_path, points):
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", points or {"A": np.zeros((5, 3))}))
    with pytest.raises(InputError, match="no marker with a position"):
        legs_of(trial)


def test_objects_are_no_legs(tmp_path):
    points = {f"box{number}": np.ones((5, 3)) * number for number in range(1, 20)}
    with pytest.raises(InputError, match=r"nothing for left hip.* and 4 more"):
        legs_of(read_trial(write_c3d(tmp_path / "walk.c3d", points)))


def test_short_gaps_are_filled_and_long_ones_are_not(tmp_path):
    points = markers(SETS["Plug-in Gait"])
    whole = points["LHEE"].copy()
    points["LHEE"] = whole.copy()
    points["LHEE"][50:70] = 0.0
    points["LHEE"][100:121] = np.nan
    points["LHEE"][:3] = np.nan
    legs = legs_of(read_trial(write_c3d(tmp_path / "walk.c3d", points)))
    heel = legs.points_m["left_heel"]
    assert np.abs(heel[50:70] - whole[50:70]).max() < 0.03
    assert np.isnan(heel[100:121]).all()
    assert np.isnan(heel[:3]).all()
    assert any(note.startswith("One gap of up to 0.2 s") for note in legs.notes)


@settings(max_examples=30, deadline=None)
@given(start=st.integers(1, 70), frames=st.integers(1, 30), rate_hz=st.sampled_from([50.0, 100.0, 200.0]))
def test_only_short_gaps_inside_a_curve_are_filled(start, frames, rate_hz):
    time = np.arange(100) / 100.0
    whole = np.stack([time, time**2, np.sin(time)], axis=1)
    curve = whole.copy()
    curve[start : start + frames] = np.nan
    filled, count = fill_short_gaps(curve, rate_hz)
    expected = frames / rate_hz <= 0.2 and start + frames < 100
    assert count == expected
    assert np.isfinite(filled).all() == expected
    if expected:
        assert np.allclose(filled, whole, atol=0.01)


@pytest.mark.parametrize("turn", [np.eye(3), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])])
def test_hips_by_the_figures_of_harrington(turn):
    # Width 250 mm, depth 150 mm, x forward, y up, z right.
    left, right, sacrum = (np.array([place]) @ turn for place in ([0, 1, -0.125], [0, 1, 0.125], [-0.15, 1, 0.0]))
    hips = hip_centres((left, right), sacrum)
    assert np.allclose(hips[0] @ turn.T, [[-0.0459, 1 - 0.0859, -0.0898]])
    assert np.allclose(hips[1] @ turn.T, [[-0.0459, 1 - 0.0859, 0.0898]])


@pytest.mark.parametrize(
    "label", ["LKNE", "L.KNE", "l_kne", "L-kne", "left kne", "Kne_L", "kneL", "KneLeft", "LeftKne", "L_kne_study"]
)
def test_one_place_in_many_spellings(label):
    assert ("left", "kne") in set(sided(label))
    assert not any(side == "right" and stem == "kne" for side, stem in sided(label))


@given(st.text(max_size=10))
def test_any_label_can_be_split(label):
    assert all(side in SIDES and stem for side, stem in sided(label))


@pytest.mark.parametrize(("units", "scale"), [("mm", 1000.0), ("cm", 100.0), ("m", 1.0), ("Meters", 1.0)])
def test_units(tmp_path, units, scale):
    points = markers(PIG)
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", points, units=units, scale=scale))
    assert np.allclose(trial.points_m["LHEE"], points["LHEE"], atol=1e-4)
    assert not trial.notes


@pytest.mark.parametrize(("unit", "scale"), [("mm", 1000.0), ("cm", 100.0), ("m", 1.0)])
def test_a_missing_unit_is_told_by_the_size_of_the_body(tmp_path, unit, scale):
    points = markers(PIG)
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", points, units="", scale=scale))
    assert np.allclose(trial.points_m["LHEE"], points["LHEE"], atol=1e-4)
    assert f"{unit} is assumed" in trial.notes[0]


def test_a_unit_that_would_make_a_giant_is_not_believed(tmp_path):
    points = markers(PIG)
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", points, units="m", scale=1000.0))
    assert np.allclose(trial.points_m["LHEE"], points["LHEE"], atol=1e-4)
    assert "mm is assumed" in trial.notes[0]


def test_an_unknown_unit_is_refused(tmp_path):
    with pytest.raises(InputError, match="'furlong'"):
        read_trial(write_c3d(tmp_path / "walk.c3d", markers(PIG), units="furlong"))


def test_more_labels_than_one_parameter_holds(tmp_path):
    points = {f"X{number}": np.ones((4, 3)) * number for number in range(1, 301)}
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", points, scale=1.0))
    assert len(trial.labels) == 300
    assert np.allclose(trial.points_m["X300"], 0.3)


def test_of_two_subjects_the_one_seen_better_is_read(tmp_path):
    points = markers(SETS["Plug-in Gait"])
    both = {f"Ben:{label}": curve + 1.0 for label, curve in points.items()}
    both["Ben:LHEE"] = np.full_like(points["LHEE"], np.nan)
    both |= {f"Anna:{label}": curve for label, curve in points.items()}
    trial = read_trial(write_c3d(tmp_path / "walk.c3d", both))
    assert np.allclose(trial.points_m["RHEE"], points["RHEE"], atol=1e-4)
    assert trial.notes == ("Of several subjects, Anna is read, who was seen best; left out: Ben.",)


def test_a_label_that_stands_twice_is_the_one_seen_in_more_frames(tmp_path):
    points = markers(PIG)
    points["Z"] = points["LHEE"].copy()
    points["Z"][:10] = np.nan
    path = write_c3d(tmp_path / "walk.c3d", points)
    content = __import__("ezc3d").c3d(str(path))
    labels = content["parameters"]["POINT"]["LABELS"]["value"]
    content["parameters"]["POINT"]["LABELS"]["value"] = ["LHEE" if label == "Z" else label for label in labels]
    content.write(str(path))
    trial = read_trial(path)
    assert np.isfinite(trial.points_m["LHEE"]).all()
    assert "More than one marker is called LHEE" in trial.notes[0]


def test_angles_and_forces_are_no_positions(tmp_path):
    points = {
        **markers(PIG),
        "LKneeAngles": np.ones((301, 3)),
        "LHipPower": np.ones((301, 3)),
        "Sway": np.ones((301, 3)),
    }
    length = len(points["LHEE"])
    points = {label: np.resize(curve, (length, 3)) for label, curve in points.items()}
    trial = read_trial(
        write_c3d(tmp_path / "walk.c3d", points, scale=1.0, units="m", parameters=[("POINT", "SCALARS", ["Sway"])])
    )
    assert set(trial.points_m) == set(markers(PIG))
    assert trial.angles["knee", "left"].shape == (length,)


def test_parameters_that_are_no_numbers_are_left_out(tmp_path):
    columns = {"NAMES": ["Cadence", "Step Time"], "CONTEXTS": ["General", "Left"], "VALUES": ["fast", "0.5"]}
    parameters = [("ANALYSIS", name, values) for name, values in columns.items()]
    assert not read_trial(write_c3d(tmp_path / "text.c3d", markers(PIG), parameters=parameters)).parameters
    parameters[2] = ("ANALYSIS", "VALUES", [np.nan, 0.5])
    found = read_trial(write_c3d(tmp_path / "numbers.c3d", markers(PIG), parameters=parameters)).parameters
    assert found == {("step_time_s", "left"): 0.5}


def test_values_and_angles_are_converted_or_their_unit_is_named(tmp_path):
    columns = {
        "NAMES": ["Step Length", "Walking Speed", "Cadence", "Step Time", "Foot Off", "Stride Length"],
        "CONTEXTS": ["Left", "General", "General", "Left", "Left", "Left"],
        "UNITS": ["cm", "km/h", "1/s", "ms", "s", ""],
        "VALUES": [70.0, 4.5, 1.9, 550.0, 0.7, 1.4],
    }
    parameters = [("ANALYSIS", name, values) for name, values in columns.items()]
    points = markers(PIG)
    length = len(points["LHEE"])
    points["LKneeAngles"] = np.full((length, 3), np.radians(40.0))
    for unit, degrees in (("rad", 40.0), ("deg", np.radians(40.0)), ("gon", None)):
        path = write_c3d(
            tmp_path / f"{unit}.c3d",
            points,
            scale=1.0,
            units="m",
            parameters=[*parameters, ("POINT", "ANGLE_UNITS", [unit]), ("POINT", "ANGLES", ["LKneeAngles"])],
        )
        trial = read_trial(path)
        assert trial.parameters == pytest.approx(
            {
                ("step_length_m", "left"): 0.7,
                ("walking_speed_mps", "both"): 1.25,
                ("cadence_spm", "both"): 114.0,
                ("step_time_s", "left"): 0.55,
                ("stride_length_m", "left"): 1.4,
            }
        )
        assert any("Foot Off (s)" in note for note in trial.notes)
        if degrees is None:
            assert not trial.angles and any("'gon', is not known" in note for note in trial.notes)
        else:
            assert trial.angles["knee", "left"] == pytest.approx(degrees, rel=1e-3)


def test_one_frame(tmp_path):
    points = {label: curve[:1] for label, curve in markers(SETS["Plug-in Gait"]).items()}
    legs = legs_of(read_trial(write_c3d(tmp_path / "walk.c3d", points)))
    assert all(curve.shape == (1, 3) for curve in legs.points_m.values())


def test_an_export_of_our_own_is_read_as_written(tmp_path):
    _, motion, measurement = measured()
    ((name, content),) = EXPORTERS["c3d"](ExportJob(measurement=measurement, motion=motion, stem="walk")).items()
    (tmp_path / name).write_bytes(content)
    trial = read_trial(tmp_path / name)
    legs = legs_of(trial)
    assert trial.own
    assert not trial.notes
    assert legs.marker_set == "Gait Studio"
    assert {"left_shoulder", "right_ear"} < set(legs.points_m)
    (placed,) = place_passes(motion, measurement.scale.metres_per_leg)
    assert np.allclose(legs.points_m["left_heel"][placed.span, 0], placed.points["left_heel"][:, 0], atol=1e-4)
    directions = directions_of(legs, trial.rate_hz)
    assert np.allclose((directions.up, directions.forward), ([0, 0, 1], [1, 0, 0]))
    assert not directions.treadmill
