"""What a validation found: verdict, limits, events, parameters, joint angles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from app import charts, charts_validation, words
from app.charts_validation import digits_of, signed
from app.components import note, rows, say
from app.plain_text import plain
from gait_core.gait.parameters.spatiotemporal import PARAMETERS

__all__ = ["allowed", "draw", "parameter_label", "verdict", "verdict_sentence"]

_KINDS: Final[Mapping[str, str]] = {"initial_contact": "Contact", "foot_off": "Foot off"}
_VERDICTS: Final = {True: ("normal", "Passed"), False: ("alert", "Failed")}
_UNITS: Final[Mapping[str, str]] = {"ms": "ms", "s": "s", "m": "m", "mps": "m/s", "deg": "°", "pct": "%"}
Values = Mapping[str, Any]


def draw(result: Values, stem: str) -> None:
    """Draw a result of `ValidationResult.to_dict`; `stem` names the file to be downloaded."""
    st.html(f'<div role="status">{verdict(result.get("passed"), big=True)}</div>')
    say(verdict_sentence(result))
    note(str(result["alignment"]["sentence"]))
    if int(result.get("repeats", 1)) > 1:
        note(
            f"The recording was seen from the side {result['repeats']} times, walking to the left and to the right, "
            "each time with other errors of the landmarks; everything below is pooled."
        )
    _limits(result["checks"])
    _events(result["events"])
    _parameters(result["parameters"])
    _angles(result["angles"])
    left_out = [text for text in result["notes"] if text != result["alignment"]["sentence"]]
    if left_out:
        st.markdown("**Not compared**")
        for text in left_out:
            note(text)
    st.download_button(
        "Download the result (JSON)",
        json.dumps(result, indent=1, ensure_ascii=False),
        file_name=f"{stem}.json",
        mime="application/json",
        key="validation_download",
        on_click="ignore",
    )


def verdict(passed: object, *, big: bool = False) -> str:
    """Return pass or fail as HTML: colour, word and shape."""
    css, word = ("withheld", "Not checked") if passed is None else _VERDICTS[bool(passed)]
    return f'<span class="gs-level {css}{" big" if big else ""}"><i aria-hidden="true"></i>{word}</span>'


def verdict_sentence(result: Values) -> str:
    """Say how many limits are met, and which are not."""
    checks = result["checks"]
    if not checks:
        return "No limit applies to what this reference contains."
    if result.get("alignment", {}).get("exchanged"):
        return "Left and right may be exchanged in the reference: see below, and check it before anything counts."
    failed = [str(check["label"]) for check in checks if not check["passed"]]
    if not failed:
        return f"All {words.plural(len(checks), 'limit')} are met." if len(checks) > 1 else "The limit is met."
    listed = failed[0] if len(failed) == 1 else f"{', '.join(failed[:-1])} and {failed[-1]}"
    return f"{len(failed)} of {words.plural(len(checks), 'limit')} not met: {listed}."


def allowed(check: Values) -> str:
    """Return what a limit allows, in words."""
    low, high = check.get("low"), check.get("high")
    if low is not None and high is not None:
        return f"{low:g} to {high:g}".replace("-", "−")
    return f"at most {high:g}" if high is not None else f"at least {low:g}"


def parameter_label(name: str) -> str:
    """Return a parameter as people call it."""
    if name in PARAMETERS:
        return PARAMETERS[name][0]
    return name.rpartition("_")[0].replace("_", " ").capitalize() or name


def _limits(checks: Sequence[Values]) -> None:
    if not checks:
        return
    st.markdown("**Limits**")
    body = [
        [
            str(check["label"]),
            _amount(check["value"], _unit(check["figure"])),
            f"{allowed(check)} {_unit(check['figure'])}".strip(),
            verdict(check["passed"]),
            str(check["source"]),
        ]
        for check in checks
    ]
    columns = [
        ("Figure", "name"),
        ("Found", "n"),
        ("Allowed", "t"),
        ("Verdict", "t"),
        ("Where the limit is from", "name"),
    ]
    rows(columns, body, "Figures and their limits", html_columns=[3])


def _unit(figure: str) -> str:
    return _UNITS.get(figure.rpartition("_")[2], "")


def _amount(value: float, unit: str) -> str:
    """Return a figure with as many decimals as its unit is worth."""
    number = signed(value, 1 if unit in ("ms", "°", "%") else 3).lstrip("+")
    return f"{number} {unit}".strip()


def _events(events: Sequence[Values]) -> None:
    if not events:
        return
    st.markdown("**Events**")
    body = [
        [
            f"{_KINDS.get(event['kind'], event['kind'])}, {event['side']}",
            str(event["matched"]),
            str(event["missed"]),
            str(event["extra"]),
            words.number(event["f1"], 3),
            words.number(event["median_error_ms"], 1),
            signed(event["bias_ms"], 1),
            words.number(event["within_40ms_pct"], 0),
        ]
        for event in events
    ]
    heads = ["Matched", "Missed", "Extra", "F1", "Median (ms)", "Bias (ms)", "≤ 40 ms (%)"]
    rows([("Event", "name"), *((head, "n") for head in heads)], body, "Events against the reference")
    note("Median: of the absolute errors. Bias: mean of measured − reference; late is positive.")
    kinds = {event["kind"]: event for event in events if event["side"] == "both" and event["bland_altman"]}
    if kinds:
        kind = st.segmented_control(
            "Errors of", list(kinds), default=next(iter(kinds)), format_func=lambda key: _KINDS.get(key, key),
            key="validation_event",
        )  # fmt: skip
        event = kinds.get(str(kind)) or next(iter(kinds.values()))
        figure, sentence = charts_validation.bland_altman(
            _KINDS.get(event["kind"], event["kind"]),
            "ms",
            event["reference_s"],
            event["errors_ms"],
            ["both"] * len(event["errors_ms"]),
            event["bland_altman"],
            across_title="Time of the reference event (s)",
        )
        figure.update_layout(showlegend=False)
        charts.show(figure, sentence, key="validation_events")


def _parameters(parameters: Sequence[Values]) -> None:
    if not parameters:
        return
    st.markdown("**Parameters**")
    heads = ["Pairs", "Bias", "Limits of agreement", "MAE", "RMSE"]
    rows(
        [("Parameter", "name"), *((head, "n") for head in heads)],
        [_parameter_row(item) for item in parameters],
        "Parameters against the reference",
    )
    correlated = [item for item in parameters if item["icc_agreement"] or item["icc_consistency"]]
    if correlated:
        rows(
            [("Intraclass correlation", "name"), ("ICC(2,1)", "n"), ("ICC(3,1)", "n")],
            [
                [parameter_label(item["name"]), _icc(item["icc_agreement"]), _icc(item["icc_consistency"])]
                for item in correlated
            ],
            "Intraclass correlation with the reference",
        )
        note(
            "In brackets: 95 % intervals. ICC(2,1) rates absolute agreement, ICC(3,1) only consistent differences "
            "between strides; where the strides of a walk are nearly alike, both are low however small the error is."
        )
    plotted = {f"{item['name']}|{item['basis']}": item for item in parameters if item["bland_altman"]}
    if not plotted:
        note("A Bland–Altman plot needs at least three pairs of strides.")
        return
    key = st.selectbox(
        "Bland–Altman plot of",
        list(plotted),
        format_func=lambda name: parameter_label(name.partition("|")[0]),
        key="validation_parameter",
        width=360,
    )
    item = plotted.get(str(key)) or next(iter(plotted.values()))
    pairs = list(zip(item["measured"], item["reference"], strict=True))
    figure, sentence = charts_validation.bland_altman(
        parameter_label(item["name"]),
        item["unit"],
        [(a + b) / 2 for a, b in pairs],
        [a - b for a, b in pairs],
        item["sides"],
        item["bland_altman"],
    )
    charts.show(figure, sentence, key="validation_agreement")


def _parameter_row(item: Values) -> list[str]:
    places, agreement = digits_of(item["unit"]), item["bland_altman"]
    unit = f" ({item['unit']})" if item["unit"] else ""
    bias = limits = "–"
    if agreement:
        low, high = signed(agreement["bias_low"], places), signed(agreement["bias_high"], places)
        bias = f"{signed(agreement['bias'], places)} ({low} to {high})"
        limits = f"{signed(agreement['lower'], places)} to {signed(agreement['upper'], places)}"
    basis = "" if item["basis"] == "strides" else ", means"
    return [
        f"{parameter_label(item['name'])}{unit}{basis}",
        str(len(item["measured"])),
        bias,
        limits,
        words.number(item["mae"], places),
        words.number(item["rmse"], places),
    ]


def _icc(values: Values | None) -> str:
    if not values:
        return "–"
    value, low, high = (signed(values[key], 2).lstrip("+") for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _angles(angles: Sequence[Values]) -> None:
    if not angles:
        return
    st.markdown("**Joint angles**")
    body = [
        [
            f"{str(item['name']).capitalize()}, {item['side']}",
            str(item["n"]),
            words.number(item["rmse_deg"], 1),
            words.number(item["rmse_without_offset_deg"], 1),
            signed(item["offset_deg"], 1),
            words.number(item["correlation"], 3),
        ]
        for item in angles
    ]
    heads = ["Strides", "RMSE (°)", "Without offset (°)", "Offset (°)", "Correlation"]
    rows([("Joint", "name"), *((head, "n") for head in heads)], body, "Joint angles against the reference")
    names = list(dict.fromkeys(str(item["name"]) for item in angles))
    chosen = st.segmented_control(
        "Curves of",
        names,
        default=names[0],
        format_func=lambda one: plain(one.capitalize()),
        key="validation_angle",
    )
    name = str(chosen or names[0])
    figure, sentence = charts_validation.mean_curves(
        name.capitalize(), [item for item in angles if item["name"] == name]
    )
    charts.show(figure, sentence, key="validation_angles")
