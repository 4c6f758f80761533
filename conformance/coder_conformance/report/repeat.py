"""How to do a run, or a part of it, again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..exchange import redact
from ..options import OPTIONS, Option

if TYPE_CHECKING:
    from ..results import Run

_PROGRAM = ["coder-conformance", "run"]
# What narrows a run down, or is of no use to whoever looks into one failure.
_NARROWING = {
    "--deviations", "--keep", "--level", "--max-failures", "--only", "--operation", "--reports",
    "--role", "--shard",
}  # fmt: skip


def command(values: Mapping[str, Any]) -> str:
    """The command line of a run; tokens are not part of it, they stand in the environment.

    Args:
        values: The value of every option, wherever it was given.
    """
    words = [word for option in OPTIONS for word in _words(option, values[option.name])]
    return redact(shlex.join([*_PROGRAM, *words]))


def _words(option: Option, value: Any) -> Iterator[str]:
    # The seed is named even where it is the default, which may change.
    if value == option.default and option.name != "seed":
        return
    if value is True:
        yield option.flag
    elif value is False:
        yield f"--no-{option.flag.removeprefix('--')}"
    else:
        yield from (f"{option.flag}={item}" for item in (value if option.many else [value]))


def one(requirement: str, operation: str | None = None, run: Run | None = None) -> str:
    """The command line that judges one requirement alone.

    Args:
        requirement: Its id.
        operation: Judge it for this operation only.
        run: Judge it as in this run.
    """
    words = [*_PROGRAM, f"--only={requirement}"]
    if operation is not None:
        words.append(f"--operation={operation}")
    if run is not None:
        words += [word for word in _given(run) if word.partition("=")[0] not in _NARROWING]
    return shlex.join(words)


def _given(run: Run) -> list[str]:
    """The options that a run was given; those of the first shard, if there were several."""
    try:
        return shlex.split(run.command.partition("\n")[0])[len(_PROGRAM) :]
    except ValueError:
        return []  # a report that somebody edited
