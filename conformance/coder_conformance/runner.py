"""One run from settings to results."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import pytest

import coder_spec

from . import catalogue
from .context import Context
from .features import discover_features
from .plugin import SuitePlugin
from .results import CannotJudgeError, Outcome, Result, Run
from .settings import Settings
from .target import target
from .wire import Wire
from .world import World

_SUITE = Path(__file__).parent / "suite"


def run(settings: Settings, progress: TextIO) -> Run:
    """Judge a server, a client or both.

    Args:
        settings: What to do.
        progress: Where a line for each finished requirement goes.

    Returns:
        The results, with what was created on the server removed again.
    """
    started = time.monotonic()
    record = Run(
        target="none",
        server_version="",
        seed=settings.seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    context = Context(settings, coder_spec.load(), catalogue.load(), record)
    try:
        with ExitStack() as stack:
            if settings.role != "client":
                _connect(context, stack)
            progress.write(f"Judging {record.target} (version {record.server_version or 'none'})")
            _pytest(context, progress)
    except CannotJudgeError as error:
        record.trouble = str(error)
    except KeyboardInterrupt:
        record.trouble = "the run was interrupted"
    progress.write("\n")
    _untested(context)
    record.seconds = time.monotonic() - started
    return record


def _connect(context: Context, stack: ExitStack) -> None:
    settings = context.settings
    found = stack.enter_context(target(settings))
    context.target = found
    context.run.target = found.url
    context.wire = Wire(found.url, found.token, settings.timeouts.request)
    stack.callback(context.wire.close)
    if found.member_token:
        context.member = Wire(found.url, found.member_token, settings.timeouts.request)
        stack.callback(context.member.close)
    context.world = World(context.wire, context.contract, settings)
    stack.callback(_cleanup, context)
    context.run.server_version = context.world.discover()
    context.features = discover_features(context)
    context.run.features = sorted(context.features)


def _cleanup(context: Context) -> None:
    assert context.world is not None
    context.run.created = len(context.world.created)
    try:
        context.run.leftovers += context.world.cleanup()
    except KeyboardInterrupt:
        context.run.leftovers.append(
            "the clean-up was interrupted; look for " + context.world.prefix
        )


def _pytest(context: Context, progress: TextIO) -> None:
    # The user's own pytest plug-ins and settings must not change what is judged.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    code = pytest.main(
        [
            str(_SUITE),
            f"--rootdir={_SUITE}",
            f"--config-file={_SUITE / 'pytest.ini'}",
            "-p", "no:terminal",
            "-p", "no:cacheprovider",
            "-p", "_hypothesis_pytestplugin",
            f"--hypothesis-seed={context.settings.seed}",
        ],
        plugins=[SuitePlugin(context, progress)],
    )  # fmt: skip
    if code == pytest.ExitCode.INTERRUPTED:
        context.run.trouble = "the run was interrupted"
    elif code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        context.run.trouble = (
            f"the suite itself could not run ({pytest.ExitCode(code).name.lower()})"
        )


def _untested(context: Context) -> None:
    """Account for every requirement that the run was asked for and has no result."""
    settings = context.settings
    judged = {(result.requirement.id, result.operation) for result in context.run.results}
    for requirement in context.requirements.values():
        if settings.role not in {"both", requirement.role}:
            continue
        if not requirement.applies(context.features):
            continue
        for operation in requirement.operations:
            if settings.operations and operation not in settings.operations:
                continue
            if (requirement.id, operation) not in judged:
                reason = context.run.trouble or "no test came to it"
                context.run.results.append(
                    Result(requirement, operation, Outcome.SKIPPED, reason=reason)
                )
