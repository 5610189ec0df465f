"""The call of the Python API, and the command, that repeat each kind of job."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gait_core.config import DEFAULT_PROFILE, EVENT_METHODS, PERSONS, MeasureSettings, ThresholdSettings

__all__ = ["MAKERS", "Call"]

_EVENTS_FILE: Final = "edits.json"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: the command with its options, and the function with its keyword arguments."""

    command: str
    function: str
    positional: Sequence[Any]
    arguments: Sequence[str]
    options: Mapping[str, Any]
    keywords: Mapping[str, Any]
    result: str
    shows: str = ".to_dataframe()"
    notes: tuple[str, ...] = ()


def _changed(params: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that differ from what a call takes by itself."""
    return {name: params[name] for name, default in defaults.items() if params.get(name, default) != default}


def _options(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the same names; what is on by itself is turned off by another one."""
    named = dict(keywords)
    return {**named, "no_cache": True} if named.pop("use_cache", True) is False else named


_COMMON: Final = {"profile": DEFAULT_PROFILE, "person": PERSONS[0]}


_WORK: Final = {"workers": None, "use_cache": True, "cluster": None}


_TRAIN: Final = {
    "folds": 5,
    "seeds": 1,
    "first_seed": 0,
    "threshold": "half",
    "calibrate": False,
    "permuted": False,
}


_WALKS: Final = {"model": None, "view": "auto", **_COMMON, "workers": None, "level": "conservative", "strict": False}


_BASELINE: Final = {
    "speed_mps": None,
    "height_m": None,
    "fps": None,
    "cell": "gru",
    "from_scratch": False,
    "disable_optimizations": False,
}


def _baseline(params: Mapping[str, Any]) -> Call:
    defaults = _BASELINE | _COMMON | _WORK
    keywords = {"subject": params["subject"], **_changed(params, defaults)}
    usual = ThresholdSettings().to_dict()
    limits = _changed(params.get("thresholds") or {}, usual)
    notes = ("The command line has no options for the limits of this baseline; Python has.",) if limits else ()
    return Call(
        command="" if limits else "baseline create",
        function="create_baseline",
        positional=[params["videos"]],
        arguments=params["videos"],
        options=_options(keywords),
        keywords={**keywords, **({"thresholds": limits} if limits else {})},
        result="baseline",
        notes=notes,
    )


def _analyse(params: Mapping[str, Any]) -> Call:
    keywords = _changed(params, {"profile": None, "person": PERSONS[0], "cluster": None, "guard": "auto"})
    if params.get("overlay", True):
        keywords["overlay"] = True
    unasked = params.get("classify", True) is False
    return Call(
        command="analyse",
        function="analyse",
        positional=[params["videos"], params["baseline_id"]],
        arguments=params["videos"],
        options={"baseline": params["baseline_id"], **keywords, **({"no_classify": True} if unasked else {})},
        keywords={**keywords, **({"classify": False} if unasked else {})},
        result="analysed",
    )


def _measure(params: Mapping[str, Any]) -> Call:
    keywords = _changed(params, {"subject": "", **_COMMON}) | _scale(params.get("scale") or {})
    keywords |= _changed(params, {"fps": None, "side": None, **_WORK})
    settings = _changed(params.get("settings") or {}, MeasureSettings().to_dict())
    method = settings.pop("event_method", EVENT_METHODS[0])
    if method != EVENT_METHODS[0]:
        keywords["method"] = method
    options, edits = _options(keywords), params.get("edits") or ()
    notes = []
    if edits:
        options["events"] = _EVENTS_FILE
        notes.append(f"The command reads the changed events from {_EVENTS_FILE}, which lies beside the measurement.")
    if settings:
        notes.append("The command line has no options for some settings of this measurement; Python has.")
    return Call(
        command="" if settings else "measure",
        function="measure",
        positional=[params["videos"]],
        arguments=params["videos"],
        options=options,
        keywords={
            **keywords,
            **({"settings": settings} if settings else {}),
            **({"events": [dict(edit) for edit in edits]} if edits else {}),
        },
        result="measured",
        notes=tuple(notes),
    )


def _compare_profiles(params: Mapping[str, Any]) -> Call:
    overlay = {"overlay": True} if params.get("overlay", True) else {}
    person = _changed(params, {"person": PERSONS[0]})
    return Call(
        command="profiles compare",
        function="compare_profiles",
        positional=[params["video"], params["profiles"]],
        arguments=[params["video"]],
        options={"profiles": list(params["profiles"]), **person, **overlay},
        keywords={**_changed(params, {"overlay": True}), **person},
        result="compared",
    )


def _validate(params: Mapping[str, Any]) -> Call:
    keywords = _changed(params, {"offset_s": None, **_COMMON}) | _scale(params.get("scale") or {})
    limits = dict(params.get("limits") or {})
    video = {"video": params["video"]} if params.get("video") else {}
    return Call(
        command="" if limits else "validate",
        function="validate",
        positional=[params["reference"], *video.values()],
        arguments=(),
        options={"reference": params["reference"], **video, **keywords},
        keywords={**keywords, **({"limits": limits} if limits else {})},
        result="validation",
        notes=("The command line has no options for limits of your own; Python has.",) if limits else (),
    )


def _extract(params: Mapping[str, Any]) -> Call:
    keywords = _changed(params, {"engine": None, "export": None, **_COMMON, **_WORK})
    return Call(
        command="extract",
        function="extract",
        positional=[params["videos"]],
        arguments=params["videos"],
        options=_options(keywords),
        keywords=keywords,
        result="walks",
    )


def _simulate(params: Mapping[str, Any]) -> Call:
    keywords = _changed(params, {"walks": 5, "pattern": None, "severity": 0.7, "seed": 0, "fps": 30.0})
    return Call(
        command="simulate",
        function="simulate",
        positional=[params["folder"]],
        arguments=[params["folder"]],
        options=keywords,
        keywords=keywords,
        result="videos",
        shows="",
    )


def _train(params: Mapping[str, Any]) -> Call:
    options = {"model": params["model"], **_changed(params, _TRAIN)}
    if params.get("final", True) is False:
        options["no_final"] = True
    notes = []
    if params.get("inner_folds", 5) != 5:
        told = f"inner_folds, which was {params['inner_folds']}"
        notes.append(f"The command line has no option for {told}; set it in a file given with --config.")
    pairs = {
        option: [f"{key}={_setting(value)}" for key, value in dict(params.get(name) or {}).items()]
        for option, name in (("set", "settings"), ("data", "data"))
    }
    return Call(
        command="train",
        function="train",
        positional=[params["dataset"], params["model"]],
        arguments=[params["dataset"]],
        options={**options, **{option: found for option, found in pairs.items() if found}},
        keywords=_changed(params, {**_TRAIN, "settings": {}, "data": {}, "inner_folds": 5, "final": True}),
        result="run",
        notes=tuple(notes),
    )


def _recognise_embed(params: Mapping[str, Any]) -> Call:
    unasked = {"no_previews": True} if params.get("previews", True) is False else {}
    keywords = _changed(params, {**_WALKS, "out": None})
    return _recognition("embed", params, {**keywords, **unasked}, keywords | _changed(params, {"previews": True}))


def _recognise_enrol(params: Mapping[str, Any]) -> Call:
    keywords = {name: params[name] for name in ("gallery", "subject", "consent")} | _changed(params, _WALKS)
    return _recognition("enrol", params, keywords, keywords)


def _recognise_identify(params: Mapping[str, Any]) -> Call:
    keywords = {"gallery": params["gallery"], **_changed(params, {**_WALKS, "k": 5, "metric": "euc", "aim": 0.05})}
    return _recognition("identify", params, keywords, keywords)


def _recognition(
    function: str, params: Mapping[str, Any], options: Mapping[str, Any], keywords: Mapping[str, Any]
) -> Call:
    return Call(
        command=f"recognise {function}",
        function=function,
        positional=[params["sources"]],
        arguments=params["sources"],
        options=options,
        keywords=keywords,
        result={"embed": "embedded", "enrol": "enrolled", "identify": "identified"}[function],
    )


def _setting(value: Any) -> str:
    """Write a setting so that the command line reads the same value: text as it is unless that reads as JSON."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except ValueError:
            return value
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _scale(scale: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options from which the fields of a `ScaleInput` come."""
    kind = scale.get("kind", "none")
    if kind == "distance":
        return {"distance_m": scale["value"], "distance_px": scale["pixels"]}
    if kind in ("none", "markers"):  # markers bring their metres with them
        return {}
    return {{"height": "height_m", "speed": "speed_mps"}[kind]: scale["value"]}


MAKERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Call]]] = {
    "analyse": _analyse,
    "baseline": _baseline,
    "compare_profiles": _compare_profiles,
    "extract": _extract,
    "measure": _measure,
    "recognise_embed": _recognise_embed,
    "recognise_enrol": _recognise_enrol,
    "recognise_identify": _recognise_identify,
    "simulate": _simulate,
    "train": _train,
    "validate": _validate,
}
