"""The results: rows of one table and of one JSON file."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Literal

from .measure import Ratio

Unit = Literal["ms", "us"]
_SCALE: dict[Unit, float] = {"ms": 1e3, "us": 1e6}
_PACKAGES = ("httpx", "httpx2", "openapi-python-client", "pydantic", "starlette", "uvicorn")


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    Attributes:
        name: What was measured.
        unit: Unit of ``ours`` and ``other``, times for one operation.
        ours: Median of ours.
        other_name: Whom ours is compared with.
        other: Median of theirs.
        ratio: Median over the rounds; its sense is given by ``sense``.
        low: Lower quartile of the rounds' ratios.
        high: Upper quartile of the rounds' ratios.
        sense: "times as fast" is theirs by ours, "times the cost" is ours by theirs.
        target: The ratio to reach: at least that fast, at most that dear. None without a target.
        met: Whether it is reached; None without a target.
        rounds: Number of rounds.
        remark: What else there is to know.
    """

    name: str
    unit: Unit
    ours: float
    other_name: str
    other: float
    ratio: float
    low: float
    high: float
    sense: Literal["times as fast", "times the cost"]
    target: float | None
    met: bool | None
    rounds: int
    remark: str


@dataclass(slots=True)
class Section:
    """Rows that were measured together, and sentences about how."""

    name: str
    rows: list[Row] = field(default_factory=list[Row])
    notes: list[str] = field(default_factory=list[str])


def speed_row(
    name: str,
    ours: list[float],
    other_name: str,
    other: list[float],
    *,
    unit: Unit = "ms",
    target: float | None = None,
    remark: str = "",
) -> Row:
    """Return a row that says how many times as fast ours is. Values are seconds, per round."""
    ratio = Ratio.of(other, ours)
    met = None if target is None else ratio.middle >= target
    return _row(name, ours, other_name, other, ratio, unit, "times as fast", target, met, remark)


def cost_row(
    name: str,
    ours: list[float],
    other_name: str,
    other: list[float],
    *,
    unit: Unit = "ms",
    target: float | None = None,
    remark: str = "",
) -> Row:
    """Return a row that says how many times theirs ours costs. Values are seconds, per round."""
    ratio = Ratio.of(ours, other)
    met = None if target is None else ratio.middle <= target
    return _row(name, ours, other_name, other, ratio, unit, "times the cost", target, met, remark)


def _row(
    name: str,
    ours: list[float],
    other_name: str,
    other: list[float],
    ratio: Ratio,
    unit: Unit,
    sense: Literal["times as fast", "times the cost"],
    target: float | None,
    met: bool | None,
    remark: str,
) -> Row:
    scale = _SCALE[unit]
    return Row(
        name=name,
        unit=unit,
        ours=round(median(ours) * scale, 4),
        other_name=other_name,
        other=round(median(other) * scale, 4),
        ratio=round(ratio.middle, 3),
        low=round(ratio.low, 3),
        high=round(ratio.high, 3),
        sense=sense,
        target=target,
        met=met,
        rounds=len(ours),
        remark=remark,
    )


def as_table(sections: Sequence[Section]) -> str:
    """Return the results for people to read."""
    head = ("", "ours", "other", "", "ratio (quartiles)", "target", "", "")
    lines: list[str] = []
    cells = [_cells(row) for section in sections for row in section.rows]
    widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(head))]
    for section in sections:
        lines.append(section.name)
        for number, line in enumerate([head, *(_cells(row) for row in section.rows)]):
            if number == 0 and section is not sections[0]:
                continue
            lines.append(
                "  "
                + "  ".join(
                    _pad(c, w, i) for i, (c, w) in enumerate(zip(line, widths, strict=True))
                ).rstrip()
            )
        lines.extend(f"  - {note}" for note in section.notes)
        lines.append("")
    return "\n".join(lines)


def _pad(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in {1, 2} else cell.ljust(width)


def _cells(row: Row) -> tuple[str, ...]:
    sign, sense = (">=", "as fast") if row.sense == "times as fast" else ("<=", "the cost")
    return (
        row.name,
        f"{row.ours:,.3g} {row.unit}" if row.ours < 1000 else f"{row.ours:,.0f} {row.unit}",
        f"{row.other:,.3g} {row.unit}" if row.other < 1000 else f"{row.other:,.0f} {row.unit}",
        row.other_name,
        f"{row.ratio:.2f}x {sense} ({row.low:.2f}-{row.high:.2f})",
        "" if row.target is None else f"{sign} {row.target:g}",
        "" if row.met is None else "met" if row.met else "MISSED",
        row.remark,
    )


def write_json(
    path: Path, sections: Sequence[Section], *, contract_digest: str, quick: bool
) -> None:
    """Write the results for programs to read."""
    content = {
        "format": 1,
        "contract_digest": contract_digest,
        "quick": quick,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "packages": {name: version(name) for name in _PACKAGES},
        "sections": [asdict(section) for section in sections],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
