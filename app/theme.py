"""The look: one accent colour, three levels, generous type; light and dark."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

__all__ = ["DARK", "LEVELS", "LIGHT", "LevelLook", "Palette", "apply", "follow", "palette"]

_FOLLOW: Final = Path(__file__).resolve().parent / "follow_theme.js"


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours of one theme; every text colour has a contrast of at least 4.5 against `background`."""

    name: str
    accent: str
    background: str
    surface: str
    text: str
    muted: str
    line: str
    faint: str
    normal: str
    watch: str
    alert: str
    ramp: tuple[str, ...]

    def level(self, level: str) -> str:
        """Return the colour of a level; grey when the level was withheld."""
        return {"normal": self.normal, "watch": self.watch, "alert": self.alert}.get(level, self.muted)


LIGHT: Final = Palette(
    name="light",
    accent="#0B6470",
    background="#FCFCFA",
    surface="#F2F3EF",
    text="#17211F",
    muted="#56625F",
    line="#D9DDD7",
    faint="#A9B3AF",
    normal="#24734A",
    watch="#9A5700",
    alert="#B02A25",
    ramp=("#F2F3EF", "#CFE0DF", "#8FBCC0", "#468F98", "#0B6470", "#063C44"),
)
DARK: Final = Palette(
    name="dark",
    accent="#5DBBC6",
    background="#111718",
    surface="#1A2223",
    text="#E4EAE8",
    muted="#9FADAB",
    line="#324041",
    faint="#566567",
    normal="#6FC795",
    watch="#E7AC53",
    alert="#F28B82",
    ramp=("#1A2223", "#1F3A3E", "#25606A", "#2F8A96", "#5DBBC6", "#B9EBF0"),
)


@dataclass(frozen=True, kw_only=True)
class LevelLook:
    """How levels are distinguished without colour."""

    word: str
    glyph: str
    symbol: str
    meaning: str


LEVELS: Final[Mapping[str, LevelLook]] = {
    "normal": LevelLook(
        word="Normal", glyph="●", symbol="circle", meaning="Within what this person's own walks showed."
    ),
    "watch": LevelLook(
        word="Watch",
        glyph="▲",
        symbol="triangle-up",
        meaning="Unusual for this person. Film another walk before drawing a conclusion.",
    ),
    "alert": LevelLook(
        word="Alert", glyph="◆", symbol="diamond", meaning="Far outside what this person's own walks showed."
    ),
    "withheld": LevelLook(
        word="Withheld", glyph="○", symbol="circle-open", meaning="A level would mislead here; the warning says why."
    ),
}


def palette() -> Palette:
    """Return the colours of the theme that the browser shows."""
    kind = getattr(st.context.theme, "type", None)
    return DARK if kind == "dark" else LIGHT


def apply() -> None:
    """Add the few styles that settings cannot express."""
    p = palette()
    tokens = "".join(
        f"--gs-{name}:{value};"
        for name, value in (
            ("accent", p.accent),
            ("surface", p.surface),
            ("text", p.text),
            ("muted", p.muted),
            ("line", p.line),
            ("faint", p.faint),
            ("normal", p.normal),
            ("watch", p.watch),
            ("alert", p.alert),
            ("background", p.background),
        )
    )
    st.html(f"<style>:root{{{tokens}}}{_CSS}</style>")


def follow() -> None:
    """Redraw the page when the browser changes to the other theme; the component itself is invisible."""
    _component()(key="follow_theme", data={"drawn": palette().name}, height=1, on_theme_change=_drawn_anew)


@cache
def _component() -> ComponentRenderer:
    """Register the component once per process, as Streamlit asks."""
    return st.components.v2.component("gait_studio_follow_theme", js=_FOLLOW.read_text(encoding="utf-8"))


def _drawn_anew() -> None:
    """Do nothing: the run that the trigger starts draws everything in the new theme."""


_CSS: Final = """
.stMainBlockContainer{max-width:1120px;padding-top:3.7rem}
[data-testid="stSidebar"]:not(:has(.gs-strip)) [data-testid="stSidebarNavSeparator"]{display:none}
[data-testid="stSidebarHeader"]>:has(>img){display:flex;align-items:center;gap:.7rem}
[data-testid="stSidebarHeader"]>:has(>img)::after{content:"Gait Studio";font-weight:650;font-size:1.15rem;
  color:var(--gs-text);white-space:nowrap;font-family:"Source Sans",sans-serif}
[data-testid="stSidebarUserContent"]{padding-top:.4rem}
[class*="st-key-earlier_"] :is(button,button>div,button>span){justify-content:flex-start;padding-left:0}
@media(max-width:1250px){
  .gs-rows :is(th,td):not(:last-child){padding-right:.9rem}
  .stMainBlockContainer{padding-left:2.4rem;padding-right:2.4rem}
  [class*="st-key-stack_"] [data-testid="stHorizontalBlock"]{flex-direction:column;gap:1rem}
  [class*="st-key-stack_"] [data-testid="stColumn"]{width:100%!important;flex:1 1 100%!important;
    min-width:100%!important}}
:where(a,button,input,textarea,summary,label,[tabindex="0"],[role="radio"],[role="tab"]):focus-visible{
  outline:3px solid var(--gs-accent)!important;outline-offset:2px;border-radius:8px}
:is(a,button,summary):focus-visible,[role="tab"]{box-shadow:none!important}
[role="tab"]:focus-visible{outline-offset:-3px!important}
[data-testid="stButtonGroup"] button:focus-visible{outline-offset:-1px}
:is(.stTextInput,.stTextArea,.stNumberInput,.stSelectbox,.stMultiSelect,.stRadio,.stCheckbox)
  :is(input,textarea):focus-visible{outline:none!important}
:is([data-testid="stTextInputRootElement"],[data-testid="stTextAreaRootElement"],
  [data-testid="stNumberInputContainer"],:is(.stSelectbox,.stMultiSelect) [role="group"]):has(
  :is(input,textarea):focus-visible){outline:3px solid var(--gs-accent);outline-offset:-1px}
:is(.stRadio,.stCheckbox) label:has(input:focus-visible){
  outline:3px solid var(--gs-accent);outline-offset:2px;border-radius:8px}
.gs-lead{font-size:1.08rem;color:var(--gs-muted);max-width:44rem;margin:-.4rem 0 .6rem;line-height:1.55}
.gs-note{color:var(--gs-muted);font-size:.92rem;max-width:46rem;line-height:1.5;margin:0}
.gs-kicker{font-size:.8rem;letter-spacing:.04em;color:var(--gs-muted);font-weight:600;margin:0 0 .15rem}
.gs-level{display:inline-flex;align-items:center;gap:.5em;font-weight:650;line-height:1.2;white-space:nowrap;
  color:var(--gs-level)}
.gs-level i{display:inline-block;width:.78em;height:.78em;background:var(--gs-level);flex:none}
.gs-level.normal{--gs-level:var(--gs-normal)}.gs-level.normal i{border-radius:50%}
.gs-level.watch{--gs-level:var(--gs-watch)}.gs-level.watch i{clip-path:polygon(50% 4%,100% 96%,0 96%)}
.gs-level.watch.down i{clip-path:polygon(0 4%,100% 4%,50% 96%)}
.gs-level.alert{--gs-level:var(--gs-alert)}.gs-level.alert i{clip-path:polygon(50% 0,100% 50%,50% 100%,0 50%)}
.gs-level.withheld{--gs-level:var(--gs-muted)}
.gs-level.withheld i{border-radius:50%;background:none;border:.14em solid var(--gs-level)}
.gs-level.big{font-size:2.3rem}
.gs-card{border:1px solid var(--gs-line);border-radius:12px;padding:1rem 1.15rem;background:var(--gs-background)}
.gs-facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.4rem,1fr));gap:0;border:1px solid var(--gs-line);
  border-radius:12px;overflow:hidden}
.gs-facts>div{padding:.8rem 1.1rem;box-shadow:1px 0 0 var(--gs-line),0 1px 0 var(--gs-line)}
.gs-facts dt,.gs-facts .k{font-size:.84rem;color:var(--gs-muted);margin:0 0 .1rem}
.gs-facts .v{font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.3;
  overflow-wrap:anywhere}
.gs-facts .s{font-size:.82rem;color:var(--gs-muted);line-height:1.35}
.gs-tiles{grid-template-columns:repeat(auto-fit,minmax(15rem,1fr))}
.gs-tiles .s{font-size:.88rem;line-height:1.5;font-variant-numeric:tabular-nums}
.gs-legend{display:flex;flex-wrap:wrap;gap:.35rem 1.4rem;margin:0;font-size:.92rem;color:var(--gs-muted)}
.gs-legend span{display:inline-flex;align-items:center;gap:.5rem}.gs-legend i{display:inline-block;width:1.7rem}
.gs-legend i.band{height:.8rem;background:color-mix(in srgb,var(--gs-muted) 22%,transparent);border-radius:2px}
.gs-steps{display:flex;list-style:none;gap:0;padding:0!important;margin:.2rem 0 1.1rem;counter-reset:s;flex-wrap:wrap}
.gs-steps li{display:flex;align-items:center;gap:.55rem;color:var(--gs-muted);font-size:.95rem;margin:0!important}
.gs-steps li+li::before{content:"";width:clamp(.8rem,2.2vw,2.2rem);height:1px;background:var(--gs-line);margin:0 .7rem}
.gs-steps b{display:inline-grid;place-items:center;width:1.65rem;height:1.65rem;border-radius:50%;font-weight:600;
  border:1.5px solid var(--gs-faint);font-size:.86rem;font-variant-numeric:tabular-nums}
.gs-steps .now{color:var(--gs-text);font-weight:600}
.gs-steps .now b{background:var(--gs-accent);border-color:var(--gs-accent);color:var(--gs-background)}
.gs-steps .past b{border-color:var(--gs-accent);color:var(--gs-accent)}
.gs-bar{height:8px;border-radius:4px;background:var(--gs-line);overflow:hidden}
.gs-bar>i{display:block;height:100%;background:var(--gs-accent);border-radius:4px;transition:width .6s linear}
.gs-bar.thin{height:5px}
.gs-bar.still>i{background:var(--gs-faint)}
.gs-bar.unknown>i{width:30%!important;animation:gs-slide 1.8s ease-in-out infinite}
@keyframes gs-slide{from{transform:translateX(-100%)}to{transform:translateX(340%)}}
@media (prefers-reduced-motion:reduce){.gs-bar>i{transition:none}.gs-bar.unknown>i{animation:none;width:100%!important;
  opacity:.35}}
.gs-line{display:flex;justify-content:space-between;gap:1rem;font-variant-numeric:tabular-nums;align-items:baseline}
.gs-line span:last-child{color:var(--gs-muted);font-size:.92rem;text-align:right}
.gs-stages{list-style:none;padding:0!important;margin:0;display:grid;gap:.1rem}
.gs-stages li{display:grid;grid-template-columns:1.5rem 1fr auto;gap:.4rem;align-items:baseline;padding:.28rem 0;
  margin:0!important;font-size:.97rem;color:var(--gs-muted)}
.gs-stages li.running{color:var(--gs-text);font-weight:600}.gs-stages li.done{color:var(--gs-text)}
.gs-stages li>span:first-child{color:var(--gs-accent);font-weight:700;text-align:center}
.gs-stages li.failed>span:first-child,.gs-stages li.crashed>span:first-child{color:var(--gs-alert)}
.gs-stages time{color:var(--gs-muted);font-weight:400;font-variant-numeric:tabular-nums;font-size:.9rem}
.gs-rows{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.95rem}
.gs-rows th{font-weight:600;text-align:left;color:var(--gs-muted);font-size:.84rem;padding:.3rem 1.4rem .4rem 0;
  border-bottom:1px solid var(--gs-line)}
.gs-rows td{padding:.5rem 1.4rem .5rem 0;border-bottom:1px solid var(--gs-line);vertical-align:middle}
.gs-rows tr:last-child td{border-bottom:0}
.gs-rows .n{text-align:right;white-space:nowrap}.gs-rows .n:last-child{padding-right:0}.gs-rows .grow{width:22%}
.gs-rows th.n{white-space:normal}
.gs-rows td.name{overflow-wrap:anywhere;min-width:10.6rem}
.gs-rows .t{white-space:nowrap}.gs-rows .dim{color:var(--gs-muted)}
.gs-scroll{overflow-x:auto}
.gs-box{border-left:4px solid var(--gs-box,var(--gs-accent));background:var(--gs-surface);border-radius:0 10px 10px 0;
  padding:.85rem 1.1rem;line-height:1.5;max-width:52rem}
.gs-box b{display:block;margin-bottom:.1rem}.gs-box.error{--gs-box:var(--gs-alert)}
.gs-box.warn{--gs-box:var(--gs-watch)}
.gs-box.calm{--gs-box:var(--gs-faint)}
.gs-empty{border:1.5px dashed var(--gs-line);border-radius:14px;padding:2rem 1.6rem;max-width:46rem}
.gs-empty h2{font-size:1.35rem;padding:0;margin:0 0 .4rem;font-weight:600}
.gs-empty p{color:var(--gs-muted);margin:0;line-height:1.55;max-width:38rem}
.gs-check{font-size:.92rem;line-height:1.4;margin:0 0 .55rem}.gs-check.good{color:var(--gs-normal)}
.gs-check.bad{color:var(--gs-alert)}
.gs-check.warn{color:var(--gs-watch)}.gs-check.none{color:var(--gs-muted)}
.gs-strip{font-size:.92rem;line-height:1.4;padding:.1rem 0 .35rem}
.gs-strip .t{font-weight:600;overflow-wrap:anywhere}
.gs-strip .d{color:var(--gs-muted);font-variant-numeric:tabular-nums}
.gs-say{font-size:1.08rem;line-height:1.6;max-width:44rem;margin:0}
.gs-foot{color:var(--gs-muted);font-size:.88rem;border-top:1px solid var(--gs-line);padding-top:.7rem;margin-top:.4rem}
.gs-sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
[data-testid="stButtonGroup"] :is([aria-checked="true"],[aria-pressed="true"]),[data-testid="stSliderThumbValue"],
[data-testid="stTab"][aria-selected="true"]{color:var(--gs-accent)!important}
[data-testid="stCaptionContainer"],[data-testid="stCaptionContainer"] p{color:var(--gs-muted)!important;opacity:1}
[class*="st-key-cards"] [role="radiogroup"]{gap:.6rem;width:100%}
[class*="st-key-cards"] [role="radiogroup"]>div{position:relative;width:100%;border:1px solid var(--gs-line);
  border-radius:12px;padding:.75rem 1.1rem}
[class*="st-key-cards"] [role="radiogroup"]>div:has(input:checked){border-color:var(--gs-accent);
  box-shadow:inset 0 0 0 1px var(--gs-accent)}
[class*="st-key-cards"] [role="radiogroup"]>div:has(input:focus-visible){outline:3px solid var(--gs-accent);
  outline-offset:-1px}
[class*="st-key-cards"] [role="radiogroup"] label:has(input:focus-visible){outline:none}
[class*="st-key-cards"] [role="radiogroup"] label::after{content:"";position:absolute;inset:0}
[class*="st-key-cards"] [role="radiogroup"] label p{font-weight:600}
"""
