"""Tables as files of text: strict about encoding, separator and width, clear about what is wrong."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gait_core.errors import InputError, NotFoundError
from gait_core.learn.datasets.column_names import usual_name
from gait_core.storage.ordinary_file import ordinary_size

__all__ = ["MISSING", "Table", "is_missing", "number_of", "read_header", "read_table"]

MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
"""Cells that hold no value, in lower case."""

_NUMBER: Final = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_LARGEST_BYTES: Final = 512 * 1024**2
_HEAD_BYTES: Final = 256 * 1024


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """A table of text with named columns.

    Attributes
    ----------
    path : Path
    header : tuple of str
        Names that mean something in lower case, however the file writes them; see `usual_name`.
    rows : list of list of str
        Cells without surrounding spaces.
    lines : tuple of int
        Line of the file in which each row ends.
    decimal_comma : bool
        The separator is ``;``, so that a comma in a number is a decimal point.
    """

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    lines: tuple[int, ...]
    decimal_comma: bool

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[str]:
        """Return the cells of a column."""
        place = self.header.index(name)
        return [row[place] for row in self.rows]

    def number(self, cell: str) -> float | None:
        """Return a cell as a number: NaN when it holds no value, None when it is something else."""
        return number_of(cell, decimal_comma=self.decimal_comma)

    def numbers(self, columns: Sequence[str]) -> NDArray[np.float64]:
        """Return columns as numbers, shape (n, n_columns); NaN where there is no value.

        Raises
        ------
        InputError
            When a cell is not a number.
        """
        places = [self.header.index(name) for name in columns]
        result = np.full((len(self.rows), len(places)), np.nan)
        for row, cells in enumerate(self.rows):
            for column, place in enumerate(places):
                value = self.number(cells[place])
                if value is None:
                    raise InputError(
                        f"Expected a number in column {columns[column]!r} of {self.path.name}, line "
                        f"{self.lines[row]}, but got {cells[place]!r}.",
                        "Correct the cell, or leave it empty.",
                    )
                result[row, column] = value
        return result


def number_of(cell: str, *, decimal_comma: bool = False) -> float | None:
    """Return a cell as a number: NaN when it holds no value, None when it is something else, infinity too.

    Returns
    -------
    float or None
    """
    if is_missing(cell):
        return float("nan")
    if not _NUMBER.fullmatch(cell) or not cell.isascii() or ("," in cell and not decimal_comma):
        return None
    value = float(cell.replace(",", "."))
    return value if np.isfinite(value) else None


def is_missing(cell: str) -> bool:
    """Return whether a cell holds no value.

    Returns
    -------
    bool
    """
    return cell.casefold() in MISSING


def read_header(path: Path) -> tuple[str, ...]:
    """Return the names of the columns, reading no more than the beginning of the file; errors as `read_table`.

    Returns
    -------
    tuple of str
    """
    return tuple(_rows(path, _text(path, whole=False), only_header=True)[0])


def read_table(path: Path) -> Table:
    """Read a table.

    Parameters
    ----------
    path : Path
        UTF-8, with or without byte order mark; separated by ``,``, ``;`` or tabs, or as a first line ``sep=;`` says.
        Empty lines are left out.

    Returns
    -------
    Table

    Raises
    ------
    NotFoundError
        When there is no such file.
    InputError
        When the file is empty, in another encoding, has a column without a name or two of one name, or a line of
        another width.
    """
    text = _text(path, whole=True)
    header, rows, lines, separator = _rows(path, text, only_header=False)
    if not rows:
        raise InputError(f"Expected rows below the header of {path.name}, but there are none.", "Add the data.")
    return Table(path=path, header=tuple(header), rows=rows, lines=tuple(lines), decimal_comma=separator == ";")


def _text(path: Path, *, whole: bool) -> str:
    try:
        size = ordinary_size(path)
        if size > _LARGEST_BYTES:
            raise InputError(
                f"Expected a table of at most {_LARGEST_BYTES // 1024**2} MB, but {path.name} has "
                f"{size // 1024**2} MB.",
                "Divide it, or store fewer columns.",
            )
        with path.open("rb") as handle:
            content = handle.read(-1 if whole else _HEAD_BYTES)
    except FileNotFoundError:
        raise NotFoundError(f"Expected a table at {path}, but there is no file.", "Check the path.") from None
    except ValueError as error:
        raise InputError(f"Expected a table at {path}, but {error}.", "Name the file itself.") from error
    except OSError as error:
        raise InputError(
            f"Expected to read {path}, but the disk answered: {error.strerror or error}.", "Check the file."
        ) from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise InputError(
            f"Expected {path.name} to be text in UTF-8, but it is UTF-16 or no text.",
            "Save it as 'CSV UTF-8' in the spreadsheet program.",
        )
    if not whole:
        content = content[: content.rfind(b"\n") + 1] or content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"Expected {path.name} to be text in UTF-8, but byte {error.start + 1} "
            f"(line {content.count(bytes([10]), 0, error.start) + 1}) is not.",
            "Save it as 'CSV UTF-8' in the spreadsheet program.",
        ) from error


def _rows(path: Path, text: str, *, only_header: bool) -> tuple[list[str], list[list[str]], list[int], str]:
    separator, text, skipped = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if not header:
                header = [usual_name(cell) for cell in cells]
                _check_header(path, header)
                if only_header:
                    break
                continue
            if len(cells) != len(header):
                raise InputError(
                    f"Expected {len(header)} cells in line {reader.line_num + skipped} of {path.name}, as in its "
                    f"header, but got {len(cells)}.",
                    "Correct the line; put text that contains the separator in double quotes.",
                )
            rows.append(cells)
            lines.append(reader.line_num + skipped)
    except csv.Error as error:
        raise InputError(
            f"Expected a table in {path.name}, but line {reader.line_num + skipped} cannot be read ({error}).",
            "Correct the quotation marks of that line.",
        ) from error
    if not header:
        raise InputError(f"Expected a header and rows in {path.name}, but it is empty.", "Add the data.")
    return header, rows, lines, separator


def _separator(text: str) -> tuple[str, str, int]:
    """Return the separator, the text without the line that names it, and the number of lines taken away."""
    first, _, rest = text.partition("\n")
    named = re.fullmatch(r"\s*sep=(.)\s*", first, re.IGNORECASE)
    if named and named[1] in ",;\t|":
        return named[1], rest, 1
    header = next((line for line in text.splitlines() if line.strip()), "")
    plain = re.sub(r'"[^"]*"', "", header)
    return max((",", ";", "\t"), key=plain.count), text, 0


def _check_header(path: Path, header: list[str]) -> None:
    empty = [str(place + 1) for place, name in enumerate(header) if not name]
    if empty:
        raise InputError(
            f"Expected a name for every column of {path.name}, but column {', '.join(empty)} has none.",
            "Name or delete it.",
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(
            f"Expected different names of columns in {path.name}, but {', '.join(twice)} occurs twice.",
            "Rename or delete one; upper and lower case are the same in names such as Subject and subject.",
        )
