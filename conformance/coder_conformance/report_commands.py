"""The commands of `coder-conformance` that read reports: compare, merge and explain."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .settings import SettingsError

if TYPE_CHECKING:
    from .results import Run


class Commands(Protocol):
    """What `ArgumentParser.add_subparsers` returns; that has no public name."""

    def add_parser(self, name: str, **kwargs: Any) -> argparse.ArgumentParser:
        """Add a command."""
        ...


def register(commands: Commands) -> None:
    """Add the commands to the command line."""
    comparing = commands.add_parser(
        "compare",
        help="show what changed between runs",
        description="Show what got worse, better, new or gone from each report to the next. "
        "The exit status is 1 if anything got worse.",
    )
    _files(comparing, "report.json of a run, the earliest first; two or more")
    comparing.add_argument(
        "--html", type=Path, metavar="FILE", help="write a page with the runs side by side as well"
    )
    comparing.set_defaults(command=_compare)
    merging = commands.add_parser(
        "merge",
        help="join the reports of shards into one",
        description="Join the reports of runs that judged parts of the same, for example one "
        "operation each. The exit status is that of the joint verdict.",
    )
    _files(merging, "report.json of a shard")
    merging.add_argument(
        "--reports", type=Path, required=True, metavar="DIR", help="folder for the joint reports"
    )
    merging.set_defaults(command=_merge)
    explaining = commands.add_parser(
        "explain", help="tell what a requirement is and how it is tested"
    )
    explaining.add_argument("requirement", metavar="ID", help="id of the requirement")
    explaining.add_argument(
        "--report",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="report.json of a run to look it up in (repeatable)",
    )
    explaining.set_defaults(command=_explain)


def _files(command: argparse.ArgumentParser, about: str) -> None:
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help=about)


def _read(paths: Iterable[Path]) -> list[tuple[str, Run]]:
    from .report import form  # noqa: PLC0415 -- needs the extra 'conformance'

    return [(str(path), form.read(path)) for path in paths]


def _compare(options: argparse.Namespace) -> int:
    if len(options.files) < 2:
        raise SettingsError("there is nothing to compare; name two reports or more")
    runs = _read(options.files)
    from .report import compare  # noqa: PLC0415 -- likewise
    from .report.page import runs_page  # noqa: PLC0415 -- likewise

    steps = list(pairwise(runs))
    print("\n\n".join(compare.render(old, new) for old, new in steps))
    if options.html is not None:
        _write(options.html, runs_page.render(runs))
        print(f"Page: {options.html}")
    return int(any(compare.compare(old[1], new[1]).got_worse for old, new in steps))


def _write(path: Path, text: str) -> None:
    from .report import files  # noqa: PLC0415 -- likewise

    try:
        files.write_text(path, text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from None


def _merge(options: argparse.Namespace) -> int:
    shards = _read(options.files)
    from .report import files, merge, text  # noqa: PLC0415 -- likewise

    run = merge.merge(shards)
    try:
        written = files.write(run, options.reports)
    except OSError as error:
        message = f"the reports cannot be written to {options.reports}: {error.strerror}"
        raise SettingsError(message) from None
    print(text.render(run))
    print(f"Reports: {', '.join(str(path) for path in written)}")
    return run.exit_status


def _explain(options: argparse.Namespace) -> int:
    reports = _read(options.report)
    from .report import explain  # noqa: PLC0415 -- likewise

    print(explain.explain(options.requirement, reports))
    return 0
