"""The command line of the reference server."""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from coder_conformance.reference.application import app_for, create_world
from coder_conformance.reference.seed.default import MEMBER, OWNER, default_seed
from coder_conformance.reference.seed.model import Seed, UserSeed
from coder_conformance.reference.seed.plant import SeedError
from coder_conformance.reference.server import make_server, open_socket, url_of, write_ready_file
from coder_conformance.reference.settings import EXPERIMENTS, Settings

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


class UsageError(Exception):
    """Something that the user has to change; ``str()`` is a sentence that says what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it is told to stop.

    Returns 0 after a regular stop and 2 for anything that the user has to change.
    """
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except UsageError as error:
        sys.stderr.write(f"coder-reference-server: {error}\n")
        return 2


def _run(options: argparse.Namespace) -> int:
    logging.basicConfig(
        level=options.log_level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    settings = _settings(options)
    seed, users = _seed(options)
    ready_file: Path | None = options.ready_file
    if ready_file is not None and not ready_file.parent.is_dir():
        raise UsageError(f"the directory of the ready file {ready_file} does not exist")
    try:
        listener = open_socket(options.host, options.port)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {options.host} port {options.port}: {error.strerror or error}; "
            "choose another with --port, or 0 for any free one"
        ) from None
    with listener:
        try:
            world = create_world(settings, seed=seed)
        except SeedError as error:
            raise UsageError(f"the seed does not fit together: {error}") from None
        url = url_of(listener)

        def ready() -> None:
            if ready_file is not None:
                write_ready_file(ready_file, url, users)
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()

        server = make_server(app_for(world), ready, log_level=options.log_level)
        asyncio.run(server.serve([listener]))
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        build_seconds=options.build_seconds,
        agent_seconds=options.agent_seconds,
        tick_seconds=options.tick_seconds,
        heartbeat_seconds=options.heartbeat_seconds,
        allow_renames=options.allow_renames,
        experiments=frozenset(options.experiment),
        rate_limit=options.rate_limit,
        access_url=options.access_url,
    )


def _seed(options: argparse.Namespace) -> tuple[Seed, list[UserSeed]]:
    """Return the first contents, and the users that the ready file tells of."""
    if options.empty:
        return Seed(), []
    return default_seed(), [OWNER, MEMBER]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coder-reference-server",
        description="A faithful, self-contained Coder deployment with the workspaces API.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=_port, default=3000, help="port, 0 for any free one (default: %(default)s)")
    add("--ready-file", type=Path, metavar="FILE", help="write URL and tokens here when ready")
    add(
        "--build-seconds",
        type=_seconds,
        default=0.4,
        metavar="S",
        help="duration of a build (default: %(default)s)",
    )
    add(
        "--agent-seconds",
        type=_seconds,
        metavar="S",
        help="time until an agent is ready (default: half the duration of a build)",
    )
    add(
        "--tick-seconds",
        type=_positive_seconds,
        default=60.0,
        metavar="S",
        help="interval of autostart, autostop, dormancy and usage (default: %(default)s)",
    )
    add(
        "--heartbeat-seconds",
        type=_positive_seconds,
        default=15.0,
        metavar="S",
        help="interval of the pings of watch streams (default: %(default)s)",
    )
    add("--allow-renames", action="store_true", help="let workspaces be renamed")
    add(
        "--experiment",
        action="append",
        default=[],
        choices=EXPERIMENTS,
        help="switch an experiment on; may be repeated",
    )
    add(
        "--rate-limit",
        type=_count,
        metavar="N",
        help="requests a minute for one client and path (default: no limit)",
    )
    add("--empty", action="store_true", help="start as a fresh deployment, without any user")
    add("--access-url", metavar="URL", help="URL under which clients reach the server")
    add("--log-level", choices=LOG_LEVELS, default="warning", help="(default: %(default)s)")
    return parser


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; use a number from 0 to 65535")


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text[:10]) < 1 << 31:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number of requests")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value) and 0 <= value <= 86_400 * 365:
        return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")


def _positive_seconds(text: str) -> float:
    value = _seconds(text)
    if value < 0.01:
        raise argparse.ArgumentTypeError(f"{text!r} is too short; use at least 0.01 seconds")
    return value
