"""What is known of each fault after a run, one line of JSON each, so that a self-test can go on."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from typing import Literal

Tool = Literal["suite", "requirement", "schemathesis"]
TOOLS: tuple[Tool, ...] = ("suite", "requirement", "schemathesis")
Verdict = Literal["found", "elsewhere", "inconclusive", "missed", "never", "broken"]
VERDICTS: dict[Verdict, str] = {
    "found": "detected by the requirement that it breaks",
    "elsewhere": "only other requirements failed",
    "inconclusive": "nothing failed, but the run could not judge and said so",
    "missed": "nothing failed",
    "never": "the fault had no occasion to show, so nothing can count as its detection",
    "broken": "the run itself broke",
}
ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "build" / "selftest"


@dataclass
class Record:
    """One run on one fault.

    Attributes:
        fault: Id of the fault.
        tool: What looked for it: all of the suite, the tests of the broken requirement alone, or
            schemathesis alone.
        verdict: What came of it.
        seconds: From the start of the tool to the detection, or to its end.
        by: What failed, in this order: requirements, or checks of schemathesis.
        first: Seconds to the first failure of any kind; None when nothing failed.
        errors: Requirements that could not be judged.
        occasions: How often the server was wrong; None where that is not counted.
        trouble: Why the run broke.
        facts: Where and with what it was measured.
    """

    fault: str
    tool: Tool
    verdict: Verdict
    seconds: float
    by: list[str] = field(default_factory=list[str])
    first: float | None = None
    errors: list[str] = field(default_factory=list[str])
    occasions: int | None = None
    trouble: str = ""
    facts: dict[str, str] = field(default_factory=dict[str, str])


def facts(jobs: int) -> dict[str, str]:
    """Date, versions and machine of a measurement."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit.stdout.strip() or "unknown",
        "coder-workspaces": version("coder-workspaces"),
        "schemathesis": version("schemathesis"),
        "python": platform.python_version(),
        "cores": str(cpu_count()),
        "jobs": str(jobs),
    }


class Journal:
    """The records of one tool on disk.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Record]:
        """The records by fault; the last one of each counts, and half a line counts for nothing."""
        found: dict[str, Record] = {}
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    values = json.loads(line)
                except ValueError:
                    continue
                known = {f.name: values[f.name] for f in fields(Record) if f.name in values}
                found[values["fault"]] = Record(**known)
        return found

    def forget(self, faults: Collection[str]) -> None:
        """Remove the records of some faults."""
        kept = [record for name, record in self.read().items() if name not in faults]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{json.dumps(asdict(record))}\n" for record in kept)
        self.path.write_text(text, encoding="utf-8")

    def add(self, record: Record) -> None:
        """Append a record."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(asdict(record))}\n")
