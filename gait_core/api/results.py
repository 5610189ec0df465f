"""What every result of several videos is: a sequence with one entry per video, those that failed among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from gait_core.api.display import html_table
from gait_core.api.inputs import PathLike
from gait_core.errors import GaitError
from gait_core.walks.measurements import MeasuredWalk
from gait_core.workspace import Workspace

__all__ = ["WalkResult", "WalkResults", "report_to"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class WalkResult:
    """What came out of one video: a result, or the error that kept it from one.

    Attributes
    ----------
    answer : dict
        Its entry in the JSON of the command.
    workspace : Workspace
        Where the stored parts are.
    """

    answer: dict[str, Any] = field(repr=False)
    workspace: Workspace

    @property
    def path(self) -> Path:
        """Path of the video."""
        return Path(self.answer["path"])

    @property
    def name(self) -> str:
        """File name of the video."""
        return self.path.name

    @property
    def error(self) -> GaitError | None:
        """What made the video fail; None when there is a result."""
        facts = self.answer.get("error")
        return GaitError.from_dict(facts) if facts else None

    @property
    def ok(self) -> bool:
        """True when there is a result."""
        return not self.answer.get("error")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons to doubt the result, one sentence each."""
        return tuple(str(warning["message"]) for warning in self.answer.get("warnings", ()))

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of this video as the command prints it with ``--json``.

        Returns
        -------
        dict
        """
        return dict(self.answer)

    def _checked(self) -> dict[str, Any]:
        """Return the answer, or raise what made the video fail."""
        error = self.error
        if error is not None:
            raise error
        return self.answer

    def _facts(self) -> dict[str, object]:
        """Return what the notebook shows of this video."""
        return {"walk": self.name}

    def _row(self) -> dict[str, object]:
        """Return `_facts`, or the error in their place."""
        error = self.error
        facts = self._facts() if error is None else {"walk": self.name}
        return {**facts, "remark": str(error) if error is not None else " ".join(self.warnings)}

    def __repr__(self) -> str:
        facts = {key: value for key, value in self._row().items() if value not in (None, "", "walk")}
        name = facts.pop("walk")
        text = ", ".join(
            f"{key}={value:.3g}" if isinstance(value, float) else f"{key}={value!r}" for key, value in facts.items()
        )
        return f"<{type(self).__name__} {name}{': ' if text else ''}{text}>"

    def _repr_html_(self) -> str:
        rows = [{"": key, "value": value} for key, value in self._row().items() if key != "walk"]
        return html_table(self.name, rows)


E = TypeVar("E", bound=WalkResult)


class WalkResults(Sequence[E], Generic[E]):
    """One entry per video, in the order given; a video that failed is an entry with its `error`.

    Parameters
    ----------
    entries : sequence of WalkResult
    answer : mapping
        What the command prints with ``--json``.
    """

    _note = ""

    def __init__(self, entries: Sequence[E], answer: Mapping[str, Any]) -> None:
        self._entries = tuple(entries)
        self._answer = dict(answer)

    @overload
    def __getitem__(self, index: int) -> E: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[E, ...]: ...

    def __getitem__(self, index: int | slice) -> E | tuple[E, ...]:
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[E]:
        return iter(self._entries)

    @property
    def failed(self) -> tuple[E, ...]:
        """The entries without a result."""
        return tuple(entry for entry in self._entries if not entry.ok)

    @property
    def timing_s(self) -> dict[str, float]:
        """Seconds spent in each stage."""
        return dict(self._answer.get("timing_s", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return what the command prints with ``--json``.

        Returns
        -------
        dict
        """
        return dict(self._answer)

    def __repr__(self) -> str:
        count = f"{len(self)} {'walk' if len(self) == 1 else 'walks'}"
        failed = f", {len(self.failed)} failed" if self.failed else ""
        return "\n".join([f"<{type(self).__name__} {count}{failed}>", *(f"  {entry!r}" for entry in self._entries)])

    def _repr_html_(self) -> str:
        count = f"{len(self)} {'walk' if len(self) == 1 else 'walks'}"
        title = count + (f", {len(self.failed)} failed" if self.failed else "")
        rows = [entry._row() for entry in self._entries]
        columns = list(dict.fromkeys(name for row in rows for name in row if name != "remark"))
        if any(row["remark"] for row in rows):
            columns.append("remark")
        return html_table(title, [{name: row.get(name) for name in columns} for row in rows], self._note)


def report_to(path: PathLike, workspace: Workspace, walk: MeasuredWalk, analysis_id: str | None = None) -> Path:
    """Write the report of a measured walk and return its path.

    Parameters
    ----------
    path : str or Path
        File to write; its ending decides between HTML and PDF.
    workspace : Workspace
        Where the landmarks and analyses are stored.
    walk : MeasuredWalk
        The stored measurement.
    analysis_id : str, optional
        Analysis to compare with; default: the latest one of the same video, if there is one.

    Returns
    -------
    Path
        The file that was written.
    """
    from gait_core.report.write import comparison_of, report_of, write_report

    target = Path(path).expanduser().absolute()
    comparison = comparison_of(workspace, walk, analysis_id=analysis_id)
    write_report(report_of(workspace, walk, baseline=comparison), target)
    return target
