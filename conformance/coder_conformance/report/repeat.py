"""How to do a run, or a part of it, again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..exchange import redact

if TYPE_CHECKING:
    from ..results import Run

PROGRAM = "coder-conformance"


def command(arguments: list[str], seed: int) -> str:
    """The command line of a run; tokens are not part of it, they stand in the environment.

    Args:
        arguments: What was given to `coder-conformance`.
        seed: Seed of the run, in case it was not among them.
    """
    words = [PROGRAM, *arguments]
    if not any(word.partition("=")[0] == "--seed" for word in arguments):
        words.append(f"--seed={seed}")
    return redact(shlex.join(words))


def one(requirement: str, operation: str | None = None, run: Run | None = None) -> str:
    """The command line that judges one requirement alone.

    Args:
        requirement: Its id.
        operation: Judge it for this operation only.
        run: Judge it as in this run.
    """
    words = [PROGRAM, "run", f"--only={requirement}"]
    if operation is not None:
        words.append(f"--operation={operation}")
    if run is not None:
        words.append(f"--seed={run.seed}")
        if run.target != "none" and "--url" in run.command:
            words.append(f"--url={run.target}")
        if run.profile != "standard" or "--url" in run.command:
            words.append(f"--profile={run.profile}")
    return shlex.join(words)
