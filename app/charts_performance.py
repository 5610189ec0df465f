"""Charts of the performance page: the waterfall of a job, its use over time, jobs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from app import words
from app.charts import Chart, blank
from app.jobreport import GIB, JobReport, Series, Span
from app.theme import Palette, palette

__all__ = ["compare_stages", "frame_rates", "load_over_time", "memory_over_time", "trend", "waterfall"]

_MOST_LANES: Final = 24
_HEADROOM: Final = 1.25
"""Space above the highest value, where the names of the stages stand."""
_COLOURS: Final = ("accent", "muted", "text", "faint")


def waterfall(bars: Sequence[Span]) -> Chart:
    """Draw stages one below the other where they lie in time, each with its videos."""
    p = palette()
    stages = [bar for bar in bars if not bar.video]
    lanes = [bar for bar in bars if bar.video]
    shown = [bar for bar in bars if not bar.video or len(lanes) <= _MOST_LANES]
    figure = blank(90 + 26 * len(shown), "Time since the job began (s)", "")
    # Names repeat between stages; the number of the row keeps them apart.
    rows = list(range(len(shown)))
    for video, colour, label in ((False, p.accent, "stage"), (True, p.faint, "one video")):
        chosen = [row for row in rows if shown[row].video == video]
        if chosen:
            figure.add_bar(
                x=[shown[row].duration_s for row in chosen],
                base=[shown[row].start_s for row in chosen],
                y=chosen,
                orientation="h",
                name=label,
                marker={"color": colour},
                text=[_bar_text(shown[row]) for row in chosen],
                textposition="outside",
                cliponaxis=False,
                customdata=[[shown[row].name, shown[row].more] for row in chosen],
                hovertemplate="%{customdata[0]}: %{x:.2f} s<br>%{customdata[1]}<extra></extra>",
            )
    names = [f"{'· ' if bar.video else ''}{_short(bar.name)}" for bar in shown]
    figure.update_yaxes(tickvals=rows, ticktext=names, range=[len(rows) - 0.4, -0.6], showgrid=False, ticksuffix="  ")
    end_s = max([bar.end_s for bar in shown] or [0.1])
    figure.update_xaxes(range=[0, max(end_s, 0.1) * 1.16])
    figure.update_layout(barmode="overlay", bargap=0.3, showlegend=bool(lanes) and len(shown) > len(stages))
    return figure, _waterfall_sentence(stages, lanes, len(shown) > len(stages))


def _bar_text(bar: Span) -> str:
    return "from the cache" if bar.video and bar.state == "cached" else words.duration(bar.duration_s)


def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else f"{name[: most - 12]}…{name[-11:]}"


def _waterfall_sentence(stages: Sequence[Span], lanes: Sequence[Span], lanes_shown: bool) -> str:
    if not stages:
        return "No stage has begun."
    longest = max(stages, key=lambda bar: bar.duration_s)
    total_s = sum(bar.duration_s for bar in stages)
    share = words.percent(longest.duration_s / total_s) if total_s else "–"
    text = (
        f"“{longest.name}” took {words.duration(longest.duration_s)}, {share} of {words.duration(total_s)} in stages."
    )
    if lanes and not lanes_shown:
        text += f" The {len(lanes)} videos are too many to draw; the report lists them."
    elif lanes:
        text += " The pale bars are the videos in their stage; what overlaps ran at the same time."
    return text


def memory_over_time(item: JobReport, bars: Sequence[Span]) -> Chart:
    """Draw the memory of a job over its time, with its stages behind and its limit above."""
    p = palette()
    own, resident = item.series("memory_bytes"), item.series("resident_bytes")
    figure = blank(260, "Time since the job began (s)", "Memory (GB)")
    _band(figure, own, 1 / GIB, "its own", p.accent, "solid")
    _band(figure, resident, 1 / GIB, "with mapped files", p.muted, "dot")
    peak = max([value for value in own.high if value is not None], default=0.0) / GIB
    limit_mb = (item.report.get("memory_usage") or {}).get("limit_mb")
    top = max([value for value in resident.high if value is not None], default=0.0) / GIB
    said = f"Memory of this job: at most {peak:.2f} GB of its own"
    if limit_mb:
        limit = limit_mb / 1024
        said += f", {words.percent(peak / limit)} of the limit of {limit:.1f} GB"
        if limit < 3 * max(top, 0.01):
            figure.add_hline(y=limit, line={"color": p.alert, "width": 1.5, "dash": "dash"})
            figure.add_annotation(x=1, xref="paper", y=limit, yanchor="bottom", text="limit", showarrow=False)
            top = max(top, limit)
    figure.update_yaxes(range=[0, max(top, 0.05) * _HEADROOM])
    _shade(figure, p, bars)
    return figure, f"{said}. Pages of mapped files can be reclaimed by the system and do not count."


def load_over_time(item: JobReport, bars: Sequence[Span]) -> Chart:
    """Draw CPU and GPU of a job over its time."""
    p = palette()
    cpu = item.series("cpu_share")
    figure = blank(240, "Time since the job began (s)", "Busy (%)")
    _band(figure, cpu, 100, "CPUs, this job", p.accent, "solid")
    _band(figure, item.series("machine_cpu_share"), 100, "CPUs, everything", p.muted, "dot")
    _band(figure, item.series("gpu_share"), 100, "GPU", p.text, "dash")
    figure.update_yaxes(range=[0, 100 * _HEADROOM], tickvals=[0, 25, 50, 75, 100])
    _shade(figure, p, bars)
    mean = (item.report.get("cpu") or {}).get("mean_share")
    peak = max([value for value in cpu.high if value is not None], default=None)
    return figure, f"CPUs: {words.percent(mean)} busy with this job on average, {words.percent(peak)} at most."


def frame_rates(item: JobReport, bars: Sequence[Span]) -> Chart:
    """Draw frames a second and how much the cache answered."""
    p = palette()
    rate = item.frame_rate()
    figure = blank(220, "Time since the job began (s)", "Frames per second (1/s)")
    _band(figure, rate, 1, "frames/s", p.accent, "solid")
    top = max([value for value in rate.high if value is not None], default=0.0)
    figure.update_yaxes(range=[0, max(top, 1.0) * _HEADROOM])
    figure.update_layout(showlegend=False)
    _shade(figure, p, bars)
    shares = [value for value in item.cache_rate().high if value is not None]
    cache = f" The cache answered {words.percent(shares[-1])} of its look-ups." if shares else ""
    overall = item.frames_per_s
    mean = f", {words.number(overall, 1)} over all videos" if overall else ""
    return figure, f"Frames analysed a second: at most {words.number(top, 1)}{mean}.{cache}"


def _band(figure: Any, series: Series, scale: float, label: str, colour: str, dash: str) -> None:
    """Draw the highest value of each bucket as a line, filled down to the lowest where they differ."""
    if not series.measured:
        return
    low = [None if value is None else value * scale for value in series.low]
    high = [None if value is None else value * scale for value in series.high]
    if low != high:
        figure.add_scatter(
            x=list(series.time_s), y=low, mode="lines", line={"width": 0}, showlegend=False, hoverinfo="skip"
        )
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    figure.add_scatter(
        x=list(series.time_s),
        y=high,
        name=label,
        mode="lines",
        line={"color": colour, "width": 2.2, "dash": dash},
        fill="tonexty" if low != high else None,
        fillcolor=f"rgba({red},{green},{blue},0.18)",
        hovertemplate="%{x:.1f} s: %{y:.2f}<extra>" + label + "</extra>",
    )


def _shade(figure: Any, p: Palette, bars: Sequence[Span]) -> None:
    """Shade every second stage and write names where there is space."""
    stages = [bar for bar in bars if not bar.video]
    end_s = max([bar.end_s for bar in stages] or [0.0])
    if not end_s:
        return
    for number, bar in enumerate(stages):
        if number % 2 == 0:
            figure.add_vrect(x0=bar.start_s, x1=bar.end_s, fillcolor=p.line, opacity=0.32, line_width=0, layer="below")
        if bar.duration_s > 0.16 * end_s:
            figure.add_annotation(
                x=(bar.start_s + bar.end_s) / 2,
                y=1,
                yref="paper",
                yanchor="top",
                text=_short(bar.name, 30),
                showarrow=False,
                font={"size": 12, "color": p.muted},
            )
    figure.update_xaxes(range=[0, end_s * 1.02])


def trend(items: Sequence[JobReport]) -> Chart:
    """Draw frames/s of ended jobs that computed any, oldest first."""
    p = palette()
    chosen = [item for item in items if item.frames_per_s]
    figure = blank(230, "Job, oldest first", "Frames per second (1/s)")
    figure.add_scatter(
        x=list(range(1, len(chosen) + 1)),
        y=[item.frames_per_s for item in chosen],
        mode="lines+markers",
        line={"color": p.accent, "width": 2},
        marker={"size": 9},
        text=[f"{item.label}<br>{words.duration(item.total_s)} in all" for item in chosen],
        hovertemplate="%{text}<br>%{y:.1f} frames/s<extra></extra>",
    )
    rates = [float(item.frames_per_s or 0.0) for item in chosen]
    figure.update_yaxes(range=[0, max([*rates, 1.0]) * 1.15])
    figure.update_xaxes(dtick=1 if len(chosen) <= 15 else None, range=[0.6, len(chosen) + 0.4])
    figure.update_layout(showlegend=False)
    return figure, (
        f"Frames analysed a second in {words.plural(len(chosen), 'job')}: {min(rates):.1f} to {max(rates):.1f}, "
        f"{rates[-1]:.1f} in the latest."
    )


def compare_stages(items: Sequence[JobReport]) -> Chart:
    """Draw the time of each stage, one colour per job."""
    p = palette()
    names: dict[str, None] = {}
    for item in items:
        names.update(dict.fromkeys(str(stage["name"]) for stage in item.report.get("stages") or ()))
    figure = blank(110 + (16 + 18 * len(items)) * len(names), "Time (s)", "")
    for number, item in enumerate(items):
        took = dict.fromkeys(names, 0.0)
        for stage in item.report.get("stages") or ():
            took[str(stage["name"])] += float(stage["duration_s"] or 0.0)
        label = f"{number + 1}: {_short(item.job.title)}"
        figure.add_bar(
            x=list(took.values()),
            y=[words.stage_name(name) for name in took],
            orientation="h",
            name=label,
            marker={"color": getattr(p, _COLOURS[number % len(_COLOURS)])},
            text=[words.duration(value) if value else "" for value in took.values()],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.2f} s<extra>" + label + "</extra>",
        )
    longest = max(
        [float(stage["duration_s"] or 0) for item in items for stage in item.report.get("stages") or ()] or [0.1]
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    figure.update_xaxes(range=[0, max(longest, 0.1) * 1.18])
    figure.update_layout(barmode="group")
    totals = [item.total_s for item in items]
    if all(totals) and len(totals) > 1:
        fastest = min(range(len(totals)), key=lambda number: totals[number] or 0.0)
        others = " and ".join(
            f"{(total or 0) / (totals[fastest] or 1):.1f} times as fast as job {number + 1}"
            for number, total in enumerate(totals)
            if number != fastest
        )
        return figure, f"Job {fastest + 1} took {words.duration(totals[fastest])} in all: {others}."
    return figure, "Time of each stage, one colour per job."
