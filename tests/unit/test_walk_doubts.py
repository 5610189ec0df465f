"""What is said beside a level: a cadence that suggests slow motion."""

from __future__ import annotations

import pytest

from gait_core.workflows.walk_doubts import tempo_doubt

USUAL = [104.0, 106.0, 108.0]


@pytest.mark.parametrize("cadence_spm", [53.0, 66.0, 180.0])
def test_half_or_double_the_usual_cadence_asks_for_the_frame_rate(cadence_spm):
    (doubt,) = tempo_doubt(cadence_spm, USUAL)
    assert doubt.code == "tempo"
    assert not doubt.blocking
    assert f"{cadence_spm:.0f} steps/min, the baseline 104 to 108" in doubt.message


@pytest.mark.parametrize(("cadence_spm", "usual"), [(80.0, USUAL), (140.0, USUAL), (None, USUAL), (50.0, [])])
def test_a_slow_walk_is_no_slow_motion(cadence_spm, usual):
    assert tempo_doubt(cadence_spm, usual) == []
