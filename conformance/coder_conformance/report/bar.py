"""The progress bar of a run on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress
from rich.table import Column
from rich.text import Text

from ..results import Outcome
from .progress import headline

if TYPE_CHECKING:
    from ..catalogue import Requirement
    from ..results import Result


class Bar:
    """Done and total, time, failures so far, and what is being judged; each failure as it comes.

    Args:
        stream: A terminal, which is closed in the end. Pytest must not take it away while a test
            runs: the clock goes on then.
    """

    def __init__(self, stream: TextIO) -> None:
        self._terminal = stream
        self._console = Console(file=self._terminal, highlight=False)
        self._bar = RichProgress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[bad]}", style="bold red"),
            TextColumn(
                "{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True)
            ),
            console=self._console,
            transient=True,
            expand=True,
            refresh_per_second=4,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task: TaskID | None = None
        self._bad = 0

    def note(self, text: str) -> None:
        """Print it."""
        self._console.print(Text(text.rstrip("\n")))

    def started(self, total: int) -> None:
        """Show the empty bar."""
        self._task = self._bar.add_task("", total=total, bad="")
        self._bar.start()

    def judging(self, requirement: Requirement, operation: str) -> None:
        """Name what is being judged."""
        if self._task is not None:
            self._bar.update(self._task, description=f"{requirement.id} · {operation}")

    def judged(self, outcome: Outcome, result: Result) -> None:
        """Go on by one; print what went wrong above the bar."""
        if self._task is None:
            return
        bad = outcome in {Outcome.FAILED, Outcome.ERROR}
        if bad:
            self._bad += 1
            style = "red" if outcome is Outcome.FAILED else "yellow"
            self._console.print(Text(headline(outcome, result), style=style))
        count = f"{self._bad} bad" if self._bad else ""
        self._bar.update(self._task, advance=1, bad=count, refresh=bad)

    def finished(self) -> None:
        """Remove the bar; what was printed stays."""
        self._bar.stop()
        self._terminal.close()
