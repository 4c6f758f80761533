"""The options of the reference server's command line."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from urllib.parse import urlsplit

from coder_conformance.reference.settings import EXPERIMENTS

LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
LONGEST_SECONDS = 365 * 86_400


class UsageError(Exception):
    """Something that the user has to change; ``str()`` is a sentence that says what."""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser; it ends the program with status 2 and a sentence for bad values."""
    parser = argparse.ArgumentParser(
        prog="coder-reference-server",
        description="A faithful, self-contained Coder deployment with the workspaces API.",
    )
    _add_place(parser)
    _add_contents(parser)
    _add_pace(parser)
    _add_features(parser)
    return parser


def _add_place(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=_port, default=3000, help="port, 0 for any free one (default: %(default)s)")
    add("--ready-file", type=Path, metavar="FILE", help="write URL and tokens here when ready")
    add("--access-url", type=_url, metavar="URL", help="URL under which clients reach the server")
    add("--log-level", choices=LOG_LEVELS, default="warning", help="(default: %(default)s)")


def _add_contents(parser: argparse.ArgumentParser) -> None:
    contents = parser.add_mutually_exclusive_group()
    contents.add_argument("--seed", type=Path, metavar="FILE", help="YAML file of first contents")
    contents.add_argument(
        "--empty", action="store_true", help="start as a fresh deployment, without any user"
    )
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="SQLite file that keeps everything"
    )


def _add_pace(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
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
        type=_interval,
        default=60.0,
        metavar="S",
        help="interval of autostart, autostop, dormancy and usage (default: %(default)s)",
    )
    add(
        "--heartbeat-seconds",
        type=_interval,
        default=15.0,
        metavar="S",
        help="interval of the pings of watch streams (default: %(default)s)",
    )


def _add_features(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
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
    add("--debug-build-logs", action="store_true", help="let owners ask for debug build logs")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:9]) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; use a number from 0 to 65535")


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if good and text.isascii() and text.isprintable() and not set(' "\\<>') & set(text):
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a URL; write one such as http://coder.example:3000"
    )


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text[:10]) < 1 << 31:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a number of requests; use a whole number from 1 to {(1 << 31) - 1}"
    )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if 0 <= value <= LONGEST_SECONDS:
        return value
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a number of seconds; use one from 0 to {LONGEST_SECONDS}, such as 0.5"
    )


def _interval(text: str) -> float:
    value = _seconds(text)
    if value < 0.01:
        raise argparse.ArgumentTypeError(f"{text!r} is too short; use at least 0.01 seconds")
    return value
