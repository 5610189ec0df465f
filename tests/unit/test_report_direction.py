"""In which direction a joint differs from the baseline is said as it is."""

from types import SimpleNamespace

import numpy as np
import pytest

from gait_core.gait.deviation import Band
from gait_core.report.document.direction import direction_sentence, direction_sentences

PARTS = {"left knee": ("knee", "left"), "right hip": ("hip", "right"), "right ankle and foot": ("ankle", "right")}


def comparison(away_deg, sd_deg=2.0, at=70):
    """Return a comparison in which the joints differ by that much, in degrees, at one moment of the stride."""
    z = np.zeros(101)
    z[at - 3 : at + 4] = away_deg / sd_deg
    band = Band(mean=np.zeros(101), sd=np.full(101, sd_deg), n_walks=5)
    return SimpleNamespace(z=dict.fromkeys(PARTS.values(), z), bands=dict.fromkeys(PARTS.values(), band))


@pytest.mark.parametrize(
    ("part", "away_deg", "words"),
    [
        ("left knee", -14.0, "The left knee is bent 14° less than usual in initial swing"),
        ("left knee", 14.0, "The left knee is bent 14° more than usual in initial swing"),
        ("right hip", -9.0, "The right hip is bent 9° less"),
        ("right ankle and foot", -8.0, "The right toes point 8° lower"),
        ("right ankle and foot", 8.0, "The right toes point 8° higher"),
    ],
)
def test_the_direction_follows_the_sign(part, away_deg, words):
    assert direction_sentence(comparison(away_deg), part).startswith(words)


def test_nothing_is_said_of_what_is_usual_or_has_no_angle():
    assert direction_sentence(comparison(3.9), "left knee") == ""
    assert direction_sentence(comparison(0.0), "left knee") == ""
    assert direction_sentence(comparison(40.0), "head") == ""
    assert direction_sentence(comparison(40.0), "right knee") == ""


def test_a_spread_below_one_degree_counts_as_one_degree():
    made = comparison(6.0, sd_deg=0.5)
    made.z["knee", "left"] = made.z["knee", "left"] / 2  # as z-scores are taken: 6° / 1°
    assert "6°" in direction_sentence(made, "left knee")


def test_the_most_different_parts_come_first_and_no_more_than_asked():
    made = direction_sentences(comparison(-12.0), ["head", "right hip", "left knee", "right ankle and foot"], 2)
    assert [sentence.split(" is ")[0] for sentence in made] == ["The right hip", "The left knee"]
