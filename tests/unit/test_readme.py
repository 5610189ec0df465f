"""README and docs: short enough to read, every link leads somewhere, headline figures are those of the benchmarks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gait_core.cli.main import build_parser

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
MOST_WORDS = 1000
MOST_IMAGE_BYTES = 300_000


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets: lower case, no punctuation, hyphens for spaces."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_readme_is_short_and_shows_the_dashboard():
    text = text_of(README)
    assert len(text.split()) <= MOST_WORDS
    images = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert len(images) == 1
    assert (ROOT / images[0]).stat().st_size <= MOST_IMAGE_BYTES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if target.startswith("http"):
            continue
        path, _, fragment = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.is_file(), target
        headings = re.findall(r"^#+ (.+)$", text_of(linked), flags=re.MULTILINE) if linked.suffix == ".md" else []
        assert not fragment or fragment in map(anchor, headings), target


def test_every_page_of_the_docs_is_linked_from_the_readme():
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)", text_of(README)))
    assert linked == {f"docs/{page.name}" for page in PAGES if page.parent.name == "docs"}


def test_headline_figures_are_those_of_the_benchmarks():
    headline = text_of(README).split("## How good is it?")[1].split("\n## ")[0]
    rows = [line.split("|") for line in headline.splitlines() if line.startswith("|")][2:]
    assert len(rows) == 5
    benchmarks = "".join(text_of(ROOT / "docs" / f"{name}.md") for name in ("benchmarks", "accuracy"))
    for row in rows:
        figures = re.findall(r"\d+(?:\.\d+)?", row[3])
        assert figures, row
        assert [figure for figure in figures if figure not in benchmarks] == [], row
    for commit in re.findall(r"`([0-9a-f]{7})`", headline):
        assert commit in benchmarks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_named_exists(page):
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text_of(page), flags=re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", [README, ROOT / "docs" / "command-line.md"], ids=lambda page: page.name)
def test_every_command_that_is_shown_can_be_parsed(page):
    lines = re.findall(r"^(?:\.venv/bin/)?python -m gait_core (.+)$", text_of(page), flags=re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        words = line.split("#")[0].split()
        assert build_parser().parse_args(words) is not None
