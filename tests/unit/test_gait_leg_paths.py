"""The path of both legs is the cheapest of all, however many legs a frame has."""

from itertools import product

import numpy as np
import pytest

from gait_core.gait.legs.paths import _bend, best_path

TIMES_S = np.arange(5) / 25.0
LEGS = 3


def cheapest(legs, cost, pair):
    """Try every path: 3 legs of 2 sides in 5 frames."""
    left, right = (_bend(TIMES_S, legs[:, side]) for side in range(2))

    def total(path):
        steps = [(cost[f, 0, i] + cost[f, 1, j] + pair[f, i, j]) for f, (i, j) in enumerate(path)]
        turns = [
            left[f, path[f][0], path[f + 1][0], path[f + 2][0]] + right[f, path[f][1], path[f + 1][1], path[f + 2][1]]
            for f in range(len(path) - 2)
        ]
        return sum(steps) + sum(turns)

    possible = [
        [pair for pair in product(range(LEGS), repeat=2) if np.isfinite(cost[f, [0, 1], list(pair)]).all()]
        for f in range(len(TIMES_S))
    ]
    return min(product(*possible), key=total)


@pytest.mark.parametrize("seed", range(4))
def test_the_path_is_the_cheapest_where_frames_have_unequal_numbers_of_legs(seed):
    draw = np.random.default_rng(seed)
    legs = draw.normal(scale=0.02, size=(len(TIMES_S), 2, LEGS, 4, 2))
    cost = draw.uniform(0.0, 3.0, size=(len(TIMES_S), 2, LEGS))
    pair = draw.uniform(0.0, 1.0, size=(len(TIMES_S), LEGS, LEGS))
    cost[1, 0, 1:] = cost[2, 1, 2:] = np.inf
    cost[3, 1, 0] = np.inf  # not only the last ones, as where a frame is held
    legs[~np.isfinite(cost)] = np.nan
    assert np.array_equal(best_path(TIMES_S, legs, cost, pair), cheapest(legs, cost, pair))
