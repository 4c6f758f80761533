"""The suite as plain pytest, for those who want its output, selection and parallelism.

    pytest -p coder_conformance.pytest_plugin --pyargs coder_conformance.suite
           --coder-url https://coder.example.com [--coder-profile standard] [-n 4 --dist loadfile]

Tokens come from the environment, as for `coder-conformance run`. With pytest-xdist each worker
works on workspaces of its own.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

import coder_spec

from . import catalogue, cli, options
from .connection import connect, introduce
from .context import Context
from .exchange import redact
from .plugin import SuitePlugin
from .report.progress import Silent
from .report.visible import visible
from .results import LEFTOVERS_STATUS, CannotJudgeError, Run
from .settings import SettingsError

_STACK = pytest.StashKey[ExitStack]()
_RUN = pytest.StashKey[Run]()
# Known deviations are about the verdict of a run, and pytest has its own: xfail.
_OPTIONS = [option for option in options.OPTIONS if option.name != "deviations"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options of a run, each with the prefix `coder-`."""
    group = parser.getgroup("coder", "Conformance of Coder servers")
    for option in _OPTIONS:
        flag = option.flag.removeprefix("--")
        if isinstance(option.default, bool):
            dest, text = f"coder_{option.name}", option.help.replace("%", "%%")
            group.addoption(
                f"--coder-{flag}", dest=dest, action="store_true", default=None, help=text
            )
            group.addoption(
                f"--coder-no-{flag}", dest=dest, action="store_false", help="The opposite."
            )
            continue
        group.addoption(
            f"--coder-{flag}",
            dest=f"coder_{option.name}",
            action="append" if option.many else "store",
            default=None,
            help=option.help.replace("%", "%%"),
        )


def pytest_configure(config: pytest.Config) -> None:
    """Connect to the server and register what the tests need."""
    if config.option.help or config.option.version:
        return
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        config.addinivalue_line("markers", "requirement(id): the requirement that the test judges")
        return  # with pytest-xdist the workers do the work
    try:
        settings = cli.settings_of(_given(config))
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    run = Run("none", "", settings.seed, now, profile=settings.profile)
    context = Context(settings, coder_spec.load(), catalogue.load(), run)
    stack = config.stash[_STACK] = ExitStack()
    config.stash[_RUN] = run
    silent = Silent()
    try:
        if settings.role != "client":
            if config.option.collectonly:
                introduce(context, stack)  # which sends nothing but questions
            else:
                connect(context, stack, silent.note)
    except CannotJudgeError as error:
        stack.close()
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(SuitePlugin(context, silent), "coder-suite")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Delete what the tests created; what could not be deleted makes the session fail."""
    pytest_unconfigure(session.config)
    run = session.config.stash.get(_RUN, None)
    if run is not None and run.leftovers and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = LEFTOVERS_STATUS


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what is left on the server."""
    run = config.stash.get(_RUN, None)
    for leftover in [] if run is None else run.leftovers:
        terminalreporter.write_line(f"Left on the server: {visible(redact(leftover))}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete what the tests created, also where there was no session."""
    stack = config.stash.get(_STACK, None)
    if stack is not None:
        stack.close()


def _given(config: pytest.Config) -> argparse.Namespace:
    """The options as the command line of `coder-conformance run` has them."""
    found: dict[str, Any] = {"config": None}
    for option in options.OPTIONS:
        value = config.getoption(f"coder_{option.name}", None)
        if value is not None:
            value = options.parse(option, value, f"--coder-{option.flag.removeprefix('--')}")
        found[option.name] = value
    return argparse.Namespace(**found)
