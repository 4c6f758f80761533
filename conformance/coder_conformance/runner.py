"""One run from settings to results."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

import coder_spec

from . import catalogue, deviations
from .connection import connect, introduce
from .context import Context
from .journal import sweep
from .pace import pace_of
from .plugin import SuitePlugin
from .preflight import planned, preflight
from .report.progress import Progress
from .results import CannotJudgeError, Mismatch, Outcome, Result, Run, Unjudged
from .service import FEATURE
from .settings import Settings, SettingsError
from .wire import Wire
from .world import World

_SUITE = Path(__file__).parent / "suite"


def run(settings: Settings, progress: Progress) -> Run:
    """Judge a server, a client or both.

    Args:
        settings: What to do.
        progress: Is told what the run does.

    Returns:
        The results, with what was created on the server removed again.
    """
    started = time.monotonic()
    record = Run(
        target="none",
        server_version="",
        seed=settings.seed,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        profile=settings.profile,
    )
    context = Context(settings, coder_spec.load(), catalogue.load(), record)
    if settings.deviations is not None:
        context.known = deviations.load(settings.deviations, context.requirements)
    try:
        with ExitStack() as stack:
            if settings.role != "client":
                connect(context, stack, progress.note)
            _pytest(context, progress)
    except (CannotJudgeError, Mismatch) as error:
        record.trouble = str(error)
    except (LookupError, TypeError, AttributeError, ValueError):
        # While getting to know the server; tests deal with such answers by themselves.
        wire = context.wire
        if wire is None or wire.last is None or not context.broken(wire.last):
            raise
        differs = context.broken(wire.last)[0]
        record.trouble = f"{wire.last.method} {wire.last.path} breaks the contract: {differs}"
    except KeyboardInterrupt:
        record.trouble = "the run was interrupted"
    finally:
        progress.finished()
    _untested(context)
    deviations.apply(context.known, record, whole=settings.shard == "1/1")
    record.seconds = time.monotonic() - started
    return record


def dry_run(settings: Settings) -> str:
    """What a run would do; nothing but GET requests is sent for that.

    Raises:
        SettingsError: The server cannot be used.
    """
    record = Run("none", "", settings.seed, "", profile=settings.profile)
    context = Context(settings, coder_spec.load(), catalogue.load(), record)
    try:
        with ExitStack() as stack:
            if settings.role != "client":
                introduce(context, stack)
    except CannotJudgeError as error:
        raise SettingsError(str(error)) from None
    said = preflight(context) if context.target is not None else ""
    return said + "\n".join(f"  {name} · {operation}" for name, operation in planned(context))


def sweep_server(settings: Settings) -> tuple[int, int, list[str]]:
    """Delete what runs left on a server; how many workspaces and users, and what is still there.

    Raises:
        CannotJudgeError: The server cannot be used.
    """
    assert settings.url is not None
    pace_of(settings.url).rate = settings.rate
    wire = Wire(settings.url, settings.token, settings.timeouts.request)
    try:
        world = World(wire, coder_spec.load(), settings)
        users, leftovers = sweep(world, settings.reports)
    finally:
        wire.close()
    stayed = [w for w in world.created if any(left.startswith(w) for left in leftovers)]
    return len(world.created) - len(stayed), len(users), leftovers


def pytest_arguments(settings: Settings) -> list[str]:
    """How the suite is run: by itself, with none of the user's plug-ins, settings or output."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return [
        str(_SUITE),
        f"--rootdir={_SUITE}",
        f"--config-file={_SUITE / 'pytest.ini'}",
        "-p", "no:terminal",
        "-p", "no:cacheprovider",
        "-p", "_hypothesis_pytestplugin",
        f"--hypothesis-seed={settings.seed}",
    ]  # fmt: skip


def _pytest(context: Context, progress: Progress) -> None:
    plugin = SuitePlugin(context, progress)
    code = pytest.main(pytest_arguments(context.settings), plugins=[plugin])
    if context.stopped:
        return
    if code == pytest.ExitCode.INTERRUPTED:
        context.run.trouble = context.run.trouble or "the run was interrupted"
    elif code not in {
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    }:
        name = pytest.ExitCode(code).name.lower()
        context.run.trouble = f"the suite itself could not run ({name})"


def _untested(context: Context) -> None:
    """Account for every requirement that the run was asked for and has no result."""
    judged = {(result.requirement.id, result.operation) for result in context.run.results}
    for requirement in context.requirements.values():
        for operation_id in requirement.operations:
            operation = context.contract.operation(operation_id)
            if requirement.untestable and catalogue.wanted(
                requirement, operation, context.settings, None
            ):
                context.run.unjudged.append(
                    Unjudged(requirement, operation_id, "untestable", requirement.untestable)
                )
            pair = (requirement.id, operation_id)
            if pair in judged or not catalogue.chosen(
                requirement, operation, context.settings, None
            ):
                continue
            reason = context.inapplicable.get(pair) or requirement.excludes(
                operation, context.run.server_version
            )
            if (
                not reason
                and FEATURE in requirement.features
                and not context.settings.service.asked
            ):
                reason = "no limits were given with --max-latency or --max-error-rate"
            if not reason and not requirement.applies(context.features):
                reason = f"about servers with {', '.join(requirement.features)}"
            if reason and not context.run.trouble:
                context.run.unjudged.append(
                    Unjudged(requirement, operation_id, "not applicable", reason)
                )
                continue
            reason = context.run.trouble or context.stopped or "no test came to it"
            context.run.results.append(
                Result(requirement, operation_id, Outcome.SKIPPED, reason=reason)
            )
