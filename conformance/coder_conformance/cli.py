"""`coder-conformance`: judge a server and a client, and say what was found."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .settings import Settings, SettingsError, check_url

_MISSING = (
    "coder-conformance needs the packages of the extra 'conformance'; "
    "install them with: pip install 'coder-workspaces[conformance]'"
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command of `coder-conformance`.

    Returns:
        The exit status of the verdict (`results.EXIT_STATUS`), or 2 when the command is wrong.
    """
    options = _parser().parse_args(arguments)
    try:
        return _dispatch(options)
    except SettingsError as error:
        print(f"coder-conformance: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read the output has had enough; leave nothing that Python would still write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in {"coder_conformance", "coder_workspaces"}:
            raise
        print(f"{_MISSING} ({error.name} is missing)", file=sys.stderr)
        return 2


def _dispatch(options: argparse.Namespace) -> int:
    import coder_spec  # noqa: PLC0415 -- reads YAML, which a plain install does not have

    try:
        return int(options.command(options))
    except coder_spec.ContractError as error:
        raise SettingsError(f"the contract cannot be read: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coder-conformance",
        description="Judge a server of the Coder Workspaces API, and the generated client.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    run = commands.add_parser(
        "run",
        help="judge a server and the client",
        description="Judge a server, by default an embedded reference server, and the generated "
        "client. Everything that is created on the server is deleted again.",
    )
    run.add_argument(
        "--url",
        help="address of the server (default: an embedded reference server)",
    )
    run.add_argument(
        "--token-env",
        default="CODER_SESSION_TOKEN",
        metavar="NAME",
        help="environment variable that holds the session token (default: %(default)s)",
    )
    run.add_argument(
        "--member-token-env",
        default="CODER_MEMBER_TOKEN",
        metavar="NAME",
        help="environment variable that holds the token of a second, ordinary user "
        "(default: %(default)s); without it isolation is not tested",
    )
    run.add_argument(
        "--role", choices=("both", "server", "client"), default="both", help="what to judge"
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
        "--operation",
        action="append",
        default=[],
        metavar="ID",
        help="judge only this operation (repeatable)",
    )
    run.add_argument(
        "--reports",
        type=Path,
        default=Path("build/conformance"),
        metavar="DIR",
        help="folder for report.json and junit.xml (default: %(default)s)",
    )
    run.set_defaults(command=_run)
    listing = commands.add_parser("list", help="show the requirements")
    listing.add_argument("--role", choices=("server", "client"), help="only those of this role")
    listing.add_argument("--operation", metavar="ID", help="only those about this operation")
    listing.set_defaults(command=_list)
    return parser


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


def _run(options: argparse.Namespace) -> int:
    settings = _settings(options)
    # Imported late, so that a wrong command line is answered at once.
    from . import runner  # noqa: PLC0415
    from .report import files, text  # noqa: PLC0415

    run = runner.run(settings, sys.stderr)
    try:
        written = files.write(run, settings.reports)
    except OSError as error:
        print(text.render(run))
        message = f"the reports cannot be written to {settings.reports}: {error.strerror}"
        raise SettingsError(message) from None
    print(text.render(run))
    print(f"Reports: {', '.join(str(path) for path in written)}")
    return run.exit_status


def _settings(options: argparse.Namespace) -> Settings:
    token = os.environ.get(options.token_env, "")
    member = os.environ.get(options.member_token_env, "")
    url = check_url(options.url) if options.url else None
    if url is not None and options.role != "client" and not token:
        message = f"no session token: the environment variable {options.token_env} is empty"
        raise SettingsError(f"{message}; set it to a token of the server's")
    known = _known_operations()
    for name in options.operation:
        if name not in known:
            raise SettingsError(
                f"{name!r} is no operation of the scope; use one of {', '.join(known)}"
            )
    return Settings(
        url=url,
        token=token,
        member_token=member,
        role=options.role,
        seed=options.seed,
        examples=options.examples,
        template=options.template,
        operations=tuple(options.operation),
        reports=options.reports,
    )


def _known_operations() -> list[str]:
    import coder_spec  # noqa: PLC0415 -- reads YAML, which a plain install does not have

    return [operation.id for operation in coder_spec.load().operations if operation.in_scope]


def _list(options: argparse.Namespace) -> int:
    from . import catalogue  # noqa: PLC0415 -- reads YAML, which a plain install does not have

    for requirement in catalogue.load().values():
        if options.role not in {None, requirement.role}:
            continue
        if options.operation and options.operation not in requirement.operations:
            continue
        about = (
            requirement.operations[0]
            if len(requirement.operations) == 1
            else f"{len(requirement.operations)} operations"
        )
        print(f"{requirement.id}  [{requirement.role}, {requirement.level}, {about}]")
        print(f"    {requirement.text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
