"""Two values and their difference on one line: they agree, and a triangle points where the value went."""

from __future__ import annotations

from app.charts_deviation import change_bars
from app.theme import _CSS
from app.views.measure_change import verdict_badge
from gait_core.gait.change import REAL, Change
from gait_core.report.document.rows import change_rows


def change(before: float, now: float) -> Change:
    return Change(
        name="cadence_spm",
        label="Cadence",
        unit="steps/min",
        side="both",
        visit=now,
        baseline_mean=before,
        difference=now - before,
        mdc=12.2,
        mdc_source="own",
        own_mdc=12.2,
        published=None,
        n_walks=5,
        verdict=REAL,
        sentence="",
    )


def test_a_row_of_the_report_can_be_checked_by_subtracting() -> None:
    (row,) = change_rows([change(120.6, 87.4)])
    assert (row.baseline, row.visit, row.difference) == ("121", "87", "−34")


def test_a_triangle_points_where_the_value_went() -> None:
    less, more = change(120.0, 87.0), change(87.0, 120.0)
    assert ' down"' in verdict_badge(less)
    assert ".gs-level.watch.down i{" in _CSS
    assert " down" not in verdict_badge(more)
    figure, sentence = change_bars(["A", "B"], [less, more], "the baseline")
    (drawn,) = figure.data
    assert list(drawn.marker.symbol) == ["triangle-down", "triangle-up"]
    assert "up is more, down is less" in sentence
