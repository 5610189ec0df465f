"""Public functions say what they take and return, in numpydoc sections."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MANY_PARAMETERS = 3

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(source: str) -> Iterator[Function]:
    """Yield the functions that a module exports in `__all__`."""
    tree = ast.parse(source)
    exported: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            exported = set(ast.literal_eval(node.value))
    for node in tree.body:
        if isinstance(node, Function) and node.name in exported:
            yield node


def missing_sections(function: Function) -> list[str]:
    """Return the sections that the docstring of a function lacks."""
    text = ast.get_docstring(function) or ""
    given = function.args
    parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    hint = ast.unparse(function.returns) if function.returns is not None else "None"
    yields = hint.startswith(("Iterator", "Generator", "AbstractContextManager", "contextlib"))
    missing = []
    if len(parameters) >= MANY_PARAMETERS and "Parameters\n----------" not in text and "rguments" not in text:
        missing.append("Parameters")
    if hint not in ("None", "NoReturn", "Never") and not any(
        section in text for section in ("Returns\n-------", *(("Yields\n------",) if yields else ()))
    ):
        missing.append("Yields" if yields else "Returns")
    return missing


def lacking() -> list[str]:
    """Return every exported function of the library that lacks a section, as ``module.function: section``."""
    found = []
    for path in sorted((ROOT / "gait_core").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for function in public_functions(path.read_text(encoding="utf-8")):
            found += [f"{module}.{function.name}: {section}" for section in missing_sections(function)]
    return sorted(found)


def test_public_functions_have_their_sections():
    assert lacking() == []


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ('def f(a: int) -> None:\n    """Do."""', []),
        ('def f(a: int) -> int:\n    """Return."""', ["Returns"]),
        ('def f(a: int) -> Iterator[int]:\n    """Yield."""', ["Yields"]),
        ('def f(a: int, b: int, *, c: int) -> None:\n    """Do."""', ["Parameters"]),
        ('def f(a: int) -> int:\n    """Return.\n\n    Returns\n    -------\n    int\n    """', []),
    ],
)
def test_what_is_missing(source, missing):
    (function,) = public_functions(f'__all__ = ["f"]\n{source}\n')
    assert missing_sections(function) == missing
