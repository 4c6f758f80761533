"""`coder-conformance`: judge a server and a client, and say what was found."""

from __future__ import annotations

import argparse
import os
import sys

from .arguments import Command, parser
from .settings import Settings, SettingsError, check_url, is_loopback

_MISSING = (
    "coder-conformance needs the packages of the extra 'conformance'; "
    "install them with: pip install 'coder-workspaces[conformance]'"
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command of `coder-conformance`.

    Returns:
        The exit status of the verdict (`results.EXIT_STATUS`), or 2 when the command is wrong.
    """
    typed = sys.argv[1:] if arguments is None else arguments
    options = parser(_COMMANDS).parse_args(typed)
    options.typed = typed
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


def _run(options: argparse.Namespace) -> int:
    settings = _settings(options)
    # Imported late, so that a wrong command line is answered at once.
    from . import runner  # noqa: PLC0415
    from .report import files, progress, repeat, text  # noqa: PLC0415

    if options.dry_run:
        print(runner.dry_run(settings))
        return 0
    run = runner.run(settings, progress.to(sys.stderr))
    run.command = repeat.command(options.typed, run.seed)
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
    url = check_url(options.url) if options.url else None
    needs_token = url is not None and options.role != "client"
    known = _known_operations()
    for name in options.operation:
        if name not in known:
            raise SettingsError(
                f"{name!r} is no operation of the scope; use one of {', '.join(known)}"
            )
    remote = url is not None and not is_loopback(url)
    return Settings(
        url=url,
        token=_token(options.token_env) if needs_token else "",
        member_token=os.environ.get(options.member_token_env, ""),
        role=options.role,
        seed=options.seed,
        examples=options.examples,
        template=options.template,
        operations=tuple(options.operation),
        only=tuple(options.only),
        profile=options.profile or ("readonly" if remote else "standard"),
        keep=options.keep,
        deviations=options.deviations,
        reports=options.reports,
    )


def _token(variable: str) -> str:
    token = os.environ.get(variable, "")
    if not token:
        message = f"no session token: the environment variable {variable} is empty"
        raise SettingsError(f"{message}; set it to a token of the server's")
    return token


def _known_operations() -> list[str]:
    import coder_spec  # noqa: PLC0415 -- reads YAML, which a plain install does not have

    return [operation.id for operation in coder_spec.load().operations if operation.in_scope]


def _sweep(options: argparse.Namespace) -> int:
    from . import runner  # noqa: PLC0415 -- as above
    from .results import LEFTOVERS_STATUS, CannotJudgeError  # noqa: PLC0415

    settings = Settings(
        url=check_url(options.url), token=_token(options.token_env), reports=options.reports
    )
    try:
        deleted, leftovers = runner.sweep_server(settings)
    except CannotJudgeError as error:
        print(f"coder-conformance: {error}", file=sys.stderr)
        return 3
    for leftover in leftovers:
        print(f"Left on the server: {leftover}")
    print(f"{deleted} workspace(s) of earlier runs deleted, {len(leftovers)} left.")
    return LEFTOVERS_STATUS if leftovers else 0


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


_COMMANDS: dict[str, Command] = {"run": _run, "sweep": _sweep, "list": _list}


if __name__ == "__main__":
    sys.exit(main())
