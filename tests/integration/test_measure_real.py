"""Real walks through the pose model, measured: plausible, each person like himself, and the same when changed."""

import shutil

import pytest
from support.once import landmarks_of

from gait_core.bench.accuracy_real import real_figures
from gait_core.bench.altered_videos import ALTERATIONS
from gait_core.errors import InputError
from gait_core.progress import silent
from gait_core.workspace import Workspace

pytestmark = pytest.mark.slow

CHANGED = 1
"""Walks that are changed: few enough to be quick, so the limits are wider than those of the bench."""


@pytest.fixture(scope="module")
def result(data, tmp_path_factory):
    workspace = Workspace(tmp_path_factory.mktemp("real") / "workspace")
    shutil.copytree(landmarks_of(tmp_path_factory, data), workspace.root)
    return real_figures(data, workspace, silent(), changed=CHANGED)


@pytest.fixture(scope="module")
def figures(result):
    return result[0]


def test_ten_walks_are_plausible_and_complete(figures):
    # Ten here; a walk holds one or two strides a side, and another CPU rounds otherwise (see `Region.steadied`).
    assert figures["real_walks"] == 10
    assert figures["real_walks_complete"] >= 9
    assert 80 <= figures["real_cadence_low_spm"] < figures["real_cadence_high_spm"] <= 140


def test_a_person_is_more_like_himself_than_like_others(figures):
    assert figures["real_parameters_closer_same_person"] >= 6
    assert figures["real_parameters_closer_not_by_chance"] >= 1
    assert figures["real_step_time_s_icc"] > 0.7
    assert figures["real_step_length_leg_icc"] > 0.5


def test_what_is_done_to_the_landmarks_does_not_matter(figures):
    for name in ("landmarks_mirrored", "legs_exchanged", "gap"):
        assert figures[f"real_metamorphic_{name}_pct"] < 0.5
        assert figures[f"real_metamorphic_{name}_within_pct"] > 90
        assert figures[f"real_metamorphic_{name}_mean_pct"] < 2


@pytest.mark.parametrize("name", ALTERATIONS)
def test_what_is_done_to_the_video_moves_parameters_little(figures, name):
    assert figures[f"real_metamorphic_{name}_pct"] < 3
    assert figures[f"real_metamorphic_{name}_steps_within_pct"] > 50


def test_the_tables_name_every_change_and_lose_no_walk(result):
    overview = next(table for table in result[1] if table.title.startswith("Changes"))
    assert len(overview.rows) == len(ALTERATIONS) + 3
    assert not any(row[overview.columns.index("refused")] for row in overview.rows)


def test_a_folder_without_the_walks_is_named(tmp_path):
    with pytest.raises(InputError, match=r"p1s1\.mp4 is not there"):
        real_figures(tmp_path, Workspace(tmp_path / "workspace"), silent())
