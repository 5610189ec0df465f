"""What a profile costs is said for the CPU at hand."""

import pytest

from app import profiles
from gait_core.config import profile_named


@pytest.mark.parametrize(
    ("unit", "said"), [("AMX", "a third longer"), ("AVX-512", "1.7 times"), (None, "two to three")]
)
def test_the_cost_of_accurate_is_that_of_this_cpu(monkeypatch, unit, said):
    monkeypatch.setattr(profiles, "fast_bf16_unit", lambda: unit)
    caption = profiles.profile_caption(profile_named("accurate"))
    assert said in caption and "  " not in caption
    assert "This CPU" not in profiles.profile_caption(profile_named("balanced"))
