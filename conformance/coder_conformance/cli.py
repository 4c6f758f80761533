"""`coder-conformance`: judge a server and a client, and say what was found."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from fnmatch import fnmatch
from typing import Any

from . import options
from .arguments import Command, parser
from .exchange import redact
from .service import NO_LEVELS, Limit, ServiceLevels
from .settings import (
    GENERATED_CLIENTS,
    Settings,
    SettingsError,
    Timeouts,
    check_url,
    is_loopback,
    rate_for,
)

_MISSING = (
    "coder-conformance needs the packages of the extra 'conformance'; "
    "install them with: pip install 'coder-workspaces[conformance]'"
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command of `coder-conformance`.

    Returns:
        The exit status of the verdict (`results.EXIT_STATUS`), or 2 when the command is wrong.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What a server says may have characters that the terminal's encoding has not.
            stream.reconfigure(errors="backslashreplace")
    given = parser(_COMMANDS).parse_args(arguments)
    try:
        return _dispatch(given)
    except KeyboardInterrupt:
        print("coder-conformance: interrupted", file=sys.stderr)
        return 130
    except SettingsError as error:
        print(f"coder-conformance: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        _be_silent()  # whoever read the output has had enough
        return 0
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in {"coder_conformance", "coder_workspaces"}:
            raise
        print(f"{_MISSING} ({error.name} is missing)", file=sys.stderr)
        return 2
    except Exception as error:  # noqa: BLE001 -- 1 would say that the server is not conformant
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{os.path.basename(where.filename)}:{where.lineno}"  # noqa: PTH119 -- a text
        message = f"please report this: {type(error).__name__} at {place}: {redact(str(error))}"
        print(f"coder-conformance: a fault of its own; {message}", file=sys.stderr)
        return 3


def _be_silent() -> None:
    """Leave nothing that Python would still write to where nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(given: argparse.Namespace) -> int:
    import coder_spec  # noqa: PLC0415 -- reads YAML, which a plain install does not have

    try:
        return int(given.command(given))
    except coder_spec.ContractError as error:
        raise SettingsError(f"the contract cannot be read: {error}") from None


def _end_in_order() -> None:
    """Take SIGTERM, by which CI systems and containers end a job, for Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _be_done() -> None:
    """Heed no signal any more: the verdict stands, and the moment that is left is for saying it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _run(given: argparse.Namespace) -> int:
    _end_in_order()
    settings = settings_of(given)
    # Imported late, so that a wrong command line is answered at once.
    from . import runner  # noqa: PLC0415
    from .report import files, progress, repeat, text  # noqa: PLC0415

    if given.dry_run:
        print(runner.dry_run(settings))
        return 0
    try:
        settings.reports.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"no reports can be written to {settings.reports}: {error.strerror}"
        raise SettingsError(f"{message}; choose a folder with --reports") from None
    run = runner.run(settings, progress.to(sys.stderr))
    _be_done()
    run.command = repeat.command(options.resolve(given, os.environ, given.config))
    try:
        written = files.write(run, settings.reports)
    except OSError as error:
        print(text.render(run))
        message = f"the reports cannot be written to {settings.reports}: {error.strerror}"
        raise SettingsError(message) from None
    try:
        print(text.render(run))
        print(f"Reports: {', '.join(str(path) for path in written)}", flush=True)
    except OSError:
        _be_silent()  # the reports are written, and the verdict is the exit status
    return run.exit_status


def settings_of(given: argparse.Namespace) -> Settings:
    """The settings of a run, from its command line and from what that leaves open.

    Raises:
        SettingsError: An option cannot be used.
    """
    values = options.resolve(given, os.environ, given.config)
    # An empty address is one that was meant to be given: nothing else may be judged in its place.
    url = None if values["url"] is None else check_url(values["url"])
    needs_token = url is not None and values["role"] != "client"
    _known("operation of the scope", values["operations"], _operations())
    if values["clients"] and values["role"] != "server":
        from .client import load_factory  # noqa: PLC0415 -- reads YAML, like all of the suite

        for name in values["clients"]:
            load_factory(name)
    _check_patterns(values["only"])
    remote = url is not None and not is_loopback(url)
    return Settings(
        url=url,
        token=_token(values["token_env"]) if needs_token else "",
        other_token=_token(values["other_token_env"], needed=False),
        create_user=values["create_user"],
        role=values["role"],
        seed=values["seed"],
        examples=values["examples"],
        clients=tuple(values["clients"]) or GENERATED_CLIENTS,
        template=values["template"],
        operations=tuple(values["operations"]),
        only=tuple(values["only"]),
        levels=tuple(values["levels"]),
        shard=values["shard"] or "1/1",
        profile=values["profile"] or ("readonly" if remote else "standard"),
        max_failures=values["max_failures"],
        rate=rate_for(url, values["rate"]),
        service=_service(values, rate_for(url, values["rate"])),
        keep=values["keep"],
        deviations=values["deviations"],
        reports=values["reports"],
        timeouts=Timeouts(
            request=values["request_timeout"],
            build=values["build_timeout"],
            event=values["event_timeout"],
            cleanup=values["cleanup_timeout"],
        ),
    )


def _service(values: dict[str, Any], rate: float | None) -> ServiceLevels:
    """The service levels to judge.

    Raises:
        SettingsError: They cannot be judged like this.
    """
    limits: tuple[Limit, ...] = values["max_latency"]
    asked = bool(limits) or values["max_error_rate"] is not None
    given = [name for name in ("load_seconds", "load_workers", "load_rate") if values[name]]
    if given and not asked:
        flag = given[0].replace("_", "-")
        message = f"--{flag} says how service levels are judged; give some with --max-latency"
        raise SettingsError(message)
    if asked and values["role"] == "client":
        raise SettingsError("service levels are those of a server; leave out --role client")
    if rate is not None and (values["load_rate"] or 0) > rate:
        message = f"--load-rate {values['load_rate']:g} is more than the {rate:g} requests a second"
        raise SettingsError(f"{message} that --rate allows; raise that, or lower this")
    if named := [limit.operation for limit in limits if limit.operation]:
        _known("operation whose latency is judged", named, _timed())
    return ServiceLevels(
        latency=limits,
        error_rate=values["max_error_rate"] or 0.0,
        asked=asked,
        seconds=values["load_seconds"] or NO_LEVELS.seconds,
        workers=values["load_workers"] or NO_LEVELS.workers,
        rate=values["load_rate"],
    )


def _timed() -> list[str]:
    from . import catalogue  # noqa: PLC0415 -- as below

    known = catalogue.load()
    return [
        operation
        for name in ("service/latency", "service/latency-of-changes")
        for operation in known[name].operations
    ]


def _known(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise SettingsError(f"{name!r} is no {what}; use one of {', '.join(known)}")


def _check_patterns(patterns: Sequence[str]) -> None:
    for pattern in patterns:
        if not any(fnmatch(name, pattern) for name in _requirements()):
            message = f"no requirement matches {pattern!r}"
            raise SettingsError(f"{message}; `coder-conformance list` shows what there is")


def _token(variable: str, *, needed: bool = True) -> str:
    """The token in an environment variable, without blanks around it, as files end with them."""
    token = os.environ.get(variable, "").strip()
    if not token and needed:
        message = f"no session token: the environment variable {variable} is empty"
        raise SettingsError(f"{message}; set it to a token of the server's")
    if not all("!" <= character <= "~" for character in token):
        message = f"the environment variable {variable} holds characters that no session token has"
        raise SettingsError(f"{message}; set it to a token of the server's")
    return token


def _operations() -> list[str]:
    import coder_spec  # noqa: PLC0415 -- reads YAML, which a plain install does not have

    return [operation.id for operation in coder_spec.load().operations if operation.in_scope]


def _requirements() -> list[str]:
    from . import catalogue  # noqa: PLC0415 -- as above

    return list(catalogue.load())


def _sweep(given: argparse.Namespace) -> int:
    _end_in_order()
    from . import runner  # noqa: PLC0415 -- as above
    from .results import LEFTOVERS_STATUS, CannotJudgeError  # noqa: PLC0415

    values = options.resolve(given, os.environ, given.config)
    if not values["url"]:
        raise SettingsError("no server to sweep; give its address with --url")
    url = check_url(values["url"])
    settings = Settings(
        url=url,
        token=_token(values["token_env"]),
        rate=rate_for(url, values["rate"]),
        reports=values["reports"],
        timeouts=Timeouts(request=values["request_timeout"], cleanup=values["cleanup_timeout"]),
    )
    try:
        workspaces, users, leftovers = runner.sweep_server(settings)
    except CannotJudgeError as error:
        print(f"coder-conformance: {error}", file=sys.stderr)
        return 3
    except (LookupError, TypeError, AttributeError, ValueError):
        print(f"coder-conformance: what {url} answers is not what Coder does", file=sys.stderr)
        return 3
    for leftover in leftovers:
        print(f"Left on the server: {leftover}")
    deleted = f"{workspaces} workspace(s) and {users} user(s)"
    print(f"{deleted} of earlier runs deleted, {len(leftovers)} left.")
    return LEFTOVERS_STATUS if leftovers else 0


def _options(_: argparse.Namespace) -> int:
    print(options.reference())
    return 0


def _list(given: argparse.Namespace) -> int:
    import coder_spec  # noqa: PLC0415 -- reads YAML, which a plain install does not have

    from . import catalogue  # noqa: PLC0415 -- likewise

    # Neither the environment nor a file narrows down what there is to look at.
    _known("operation of the scope", given.operations or (), _operations())
    _check_patterns(given.only or ())
    settings = Settings(
        role=given.role or "both",
        only=tuple(given.only or ()),
        levels=tuple(given.levels or ()),
        operations=tuple(given.operations or ()),
        profile=given.profile or "full",
    )
    contract = coder_spec.load()
    number = 0
    for requirement in catalogue.load().values():
        about = [
            name
            for name in requirement.operations
            if catalogue.wanted(requirement, contract.operation(name), settings, None)
        ]
        if not about:
            continue
        number += 1
        where = about[0] if len(about) == 1 else f"{len(about)} operations"
        print(f"{requirement.id}  [{requirement.role}, {requirement.level}, {where}]")
        print(f"    {requirement.text}")
        if str(requirement.versions):
            print(f"    Servers {requirement.versions}.")
        if requirement.untestable:
            print(f"    Cannot be tested: {requirement.untestable}.")
    print(f"{number} requirement{'s' * (number != 1)}")
    return 0


_COMMANDS: dict[str, Command] = {
    "run": _run,
    "sweep": _sweep,
    "list": _list,
    "options": _options,
}


if __name__ == "__main__":
    sys.exit(main())
