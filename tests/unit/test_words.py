"""One vocabulary: words that the field does not use stay out of the docs, messages, docstrings and comments."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = ("gait_core", "app", "pages")

WORDS = {
    "picture": (r"\bpictures?\b", "frame, image"),
    "processor": (r"\bprocessors?\b", "CPU"),
    "graphics card": (r"\bgraphics (?:card|processor)s?\b", "GPU"),
    "calculate in": (r"\bcalculat\w+ (?:fast )?in (?:b?f(?:loat)?)\d+", "run in"),
    "nobody": (r"\bnobody\b", "no person, no process, not"),
    "somebody": (r"\bsomebody\b", "a person, another person"),
    "room": (r"\b(?:take|takes|no|leaves|for) (?:its |their |some )?room\b", "memory, space, buffer"),
    "bears": (r"\bmemory bears?\b", "allows"),
    "leave away": (r"\b(?:leave|leaves|left|leaving) away\b", "omit"),
    "goes before": (r"\bgoes before\b", "overrides, takes precedence over"),
    "broke off": (r"\b(?:broke off|ended without a word)\b", "stopped unexpectedly"),
    "is said": (r"\bit is said\b", "the report states"),
    "official place": (r"\bofficial place\b", "official host"),
    "waiting its turn": (r"\bwaiting its turn\b", "queued"),
    "how thoroughly": (r"\bhow thoroughly\?", "speed or precision"),
    "read nothing into": (r"\bread nothing into\b", "do not use"),
    "metres from": (r"(?-i:\bMetres from\b)", "Scale from"),
    "one leg for the other": (r"\bone leg for the other\b", "confuses left and right"),
    "held back": (r"\bheld[ -]back\b", "held out"),
}
"""What must not occur → its pattern and what to write instead."""

QUOTED = {
    ("gait_core/simulate/scene.py", "picture"): "pictures that hang on the wall of the simulated room",
}
"""File and word → why the word is right there."""

_TEXTS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
_PARAMETER = re.compile(r"^\s*\w+(, \w+)* : ")
_CODE = re.compile(r"``[^`]*``|`[^`\n]*`")
_FIELD = re.compile(r"\{[^{}]*\}")


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield comments, docstrings and texts of a module with their line: no names, keys, code or fields of f-strings."""
    with tokenize.open(path) as source:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], _CODE.sub("", token.string)
            elif token.type in _TEXTS and " " in token.string:
                prefix = re.match(r"\w*", token.string)
                formatted = prefix is not None and "f" in prefix.group().lower()
                for number, line in enumerate(token.string.split("\n"), start=token.start[0]):
                    if not _PARAMETER.match(line):
                        text = _CODE.sub("", line)
                        yield number, _FIELD.sub("", text) if formatted else text


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a page, or the prose of a module that holds one of the words at all."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield from ((number, _CODE.sub("", line)) for number, line in enumerate(text.splitlines(), start=1))
    elif any(re.search(pattern, text, flags=re.IGNORECASE) for pattern, _ in WORDS.values()):
        yield from prose(path)


def found_in(path: Path) -> list[tuple[str, int, str]]:
    """Return word, line and text of everything that should be worded differently."""
    return [
        (word, number, line.strip())
        for number, line in sentences(path)
        for word, (pattern, _) in WORDS.items()
        if re.search(pattern, line, flags=re.IGNORECASE)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_use_the_words_of_the_field(page):
    assert found_in(page) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_modules_use_the_words_of_the_field(folder):
    wrong, met = [], set()
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        for word, number, line in found_in(path):
            met.add((name, word))
            if (name, word) not in QUOTED:
                wrong.append(f"{name}:{number}: {line!r} says {word!r}; write {WORDS[word][1]}")
    assert wrong == []
    assert {key for key in QUOTED if key[0].startswith(f"{folder}/")} <= met, "a quotation that is gone"


def test_the_search_finds_words_in_texts_and_not_in_code(tmp_path):
    module = tmp_path / "module.py"
    module.write_text(
        '"""Show the picture.\n\npicture : Picture\n"""\n'
        "# nobody looks\n"
        'somebody = f"the {frame} of a processor"\n'
        'key = {"frame": "graphics"}\n'
        '"""The key ``picture`` stays."""\n',
        encoding="utf-8",
    )
    assert [(word, number) for word, number, _ in found_in(module)] == [("picture", 1), ("nobody", 5), ("processor", 6)]
