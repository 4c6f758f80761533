"""The command line of `coder-conformance`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from .settings import PROFILES

Command = Callable[[argparse.Namespace], int]


def parser(commands: dict[str, Command]) -> argparse.ArgumentParser:
    """The parser; each subcommand puts its function into `command`."""
    made = argparse.ArgumentParser(
        prog="coder-conformance",
        description="Judge a server of the Coder Workspaces API, and the generated client.",
    )
    subcommands = made.add_subparsers(required=True, metavar="command")
    _run(
        subcommands.add_parser(
            "run",
            help="judge a server and the client",
            description="Judge a server, by default an embedded reference server, and the "
            "generated client. Everything that is created on the server is deleted again.",
        )
    ).set_defaults(command=commands["run"])
    _sweep(
        subcommands.add_parser(
            "sweep",
            help="delete what killed runs left on a server",
            description="Delete the user's workspaces that have names of the form cf-<run>-<n>.",
        )
    ).set_defaults(command=commands["sweep"])
    _list(subcommands.add_parser("list", help="show the requirements")).set_defaults(
        command=commands["list"]
    )
    return made


def _run(run: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _server(run)
    run.add_argument("--url", help="address of the server (default: an embedded reference server)")
    run.add_argument(
        "--member-token-env",
        default="CODER_MEMBER_TOKEN",
        metavar="NAME",
        help="environment variable that holds the token of a second, ordinary user "
        "(default: %(default)s); without it isolation is not tested",
    )
    profiles = "; ".join(f"{name}: {what}" for name, what in PROFILES.items())
    run.add_argument(
        "--profile",
        choices=tuple(PROFILES),
        help=f"how far to go. {profiles} (default: readonly for servers that are not on this "
        "machine, else standard)",
    )
    run.add_argument(
        "--role", choices=("both", "server", "client"), default="both", help="what to judge"
    )
    run.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="judge only requirements whose ids match, for example 'ttl/*' (repeatable)",
    )
    run.add_argument(
        "--operation",
        action="append",
        default=[],
        metavar="ID",
        help="judge only this operation (repeatable)",
    )
    run.add_argument(
        "--seed", type=_number, default=1, help="seed of the generated data (default: %(default)s)"
    )
    run.add_argument(
        "--examples",
        type=_positive,
        default=20,
        help="generated requests for each operation and property (default: %(default)s)",
    )
    run.add_argument(
        "--template", help="name or identifier of the template to build workspaces from"
    )
    run.add_argument(
        "--deviations",
        type=Path,
        metavar="FILE",
        help="YAML file of known deviations, which do not make the run fail",
    )
    run.add_argument(
        "--keep", action="store_true", help="leave what was created on the server, for debugging"
    )
    run.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be judged and created, and send nothing but a few GET requests",
    )
    return run


def _sweep(sweep: argparse.ArgumentParser) -> argparse.ArgumentParser:
    sweep.add_argument("--url", required=True, help="address of the server")
    _server(sweep)
    return sweep


def _server(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--token-env",
        default="CODER_SESSION_TOKEN",
        metavar="NAME",
        help="environment variable that holds the session token (default: %(default)s)",
    )
    command.add_argument(
        "--reports",
        type=Path,
        default=Path("build/conformance"),
        metavar="DIR",
        help="folder for reports and journals (default: %(default)s)",
    )


def _list(listing: argparse.ArgumentParser) -> argparse.ArgumentParser:
    listing.add_argument("--role", choices=("server", "client"), help="only those of this role")
    listing.add_argument("--operation", metavar="ID", help="only those about this operation")
    return listing


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _positive(text: str) -> int:
    value = _number(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value
