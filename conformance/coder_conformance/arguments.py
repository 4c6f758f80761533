"""The command line of `coder-conformance`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from . import options, report_commands

Command = Callable[[argparse.Namespace], int]


def parser(commands: dict[str, Command]) -> argparse.ArgumentParser:
    """The parser; each subcommand puts its function into `command`."""
    made = argparse.ArgumentParser(
        prog="coder-conformance",
        description="Judge a server of the Coder Workspaces API, and the generated client.",
    )
    subcommands = made.add_subparsers(required=True, metavar="command")
    run = subcommands.add_parser(
        "run",
        help="judge a server and the client",
        description="Judge a server, by default an embedded reference server, and the generated "
        "client. Everything that is created on the server is deleted again. Options can also stand "
        f"in a TOML file and in environment variables named {options.PREFIX}…; the command line "
        "wins over the environment, and the environment over the file.",
    )
    run.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"TOML file with options (default: {options.DEFAULT_FILE}, if there is one)",
    )
    options.add_to(run)
    run.add_argument(
        "--dry-run",
        action="store_true",
        help="say what would be judged and created, and send nothing but a few GET requests",
    )
    run.set_defaults(command=commands["run"])
    sweep = subcommands.add_parser(
        "sweep",
        help="delete what killed runs left on a server",
        description="Delete the user's workspaces that have names of the form cf-<run>-<n>.",
    )
    sweep.add_argument("--config", type=Path, metavar="FILE", help="as for run")
    names = ("url", "token_env", "reports", "rate", "cleanup_timeout", "request_timeout")
    options.add_to(sweep, names)
    sweep.set_defaults(command=commands["sweep"])
    listing = subcommands.add_parser(
        "list",
        help="show the requirements",
        description="Show the requirements, those that no test can judge included.",
    )
    options.add_to(listing, ("profile", "role", "only", "operations", "levels"))
    listing.set_defaults(command=commands["list"])
    shown = subcommands.add_parser("options", help="show the options of run as a table")
    shown.set_defaults(command=commands["options"])
    report_commands.register(subcommands)
    return made
