"""The options of a run: one table for command line, environment, file and reference."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .service import NO_LEVELS, Limit
from .settings import PROFILES, REMOTE_RATE, SettingsError, Timeouts

PREFIX = "CODER_CONFORMANCE_"
DEFAULT_FILE = Path("coder-conformance.toml")
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a run.

    Attributes:
        name: Its name in a file; with hyphens on the command line, in capitals in the environment.
        kind: How its text is read.
        help: What it does, for people.
        default: Its value when it is given nowhere.
        choices: The only values, or empty for any.
        many: Whether it can be given more than once; in the environment separated by commas.
    """

    name: str
    kind: Callable[[str], Any]
    help: str
    default: Any = None
    choices: tuple[str, ...] = ()
    many: bool = False

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return "--" + self.name.removesuffix("s" if self.many else "").replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()


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


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 86_400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds of at most a day")
    return value


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 100_000:
        message = f"{text!r} is not a number of requests per second of at least 0.1"
        raise argparse.ArgumentTypeError(message)
    return value


def _limit(text: str) -> Limit:
    try:
        return Limit.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _part(text: str) -> float:
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        message = f"{text!r} is not a part of all, such as 0.5% or 0.005"
        raise argparse.ArgumentTypeError(message)
    return value


def _switch(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in _TRUE


def _shard(text: str) -> str:
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 1/4")
    return text


_LIMITS = Timeouts()
OPTIONS: tuple[Option, ...] = (
    Option("url", str, "Address of the server; without it an embedded reference server is judged."),
    Option(
        "token_env",
        str,
        "Environment variable that holds the session token.",
        "CODER_SESSION_TOKEN",
    ),
    Option(
        "other_token_env",
        str,
        "Environment variable that holds the token of a second, ordinary user.",
        "CODER_OTHER_TOKEN",
    ),
    Option(
        "create_user",
        _switch,
        "Create a second user where none is given and the profile is standard or full, and delete "
        "it at the end; without a second user isolation is not tested.",
        True,
    ),
    Option(
        "profile",
        str,
        "How far to go. "
        + "; ".join(f"{name}: {what}" for name, what in PROFILES.items())
        + ". Without it readonly for servers that are not on this machine, else standard.",
        choices=tuple(PROFILES),
    ),
    Option("role", str, "What to judge.", "both", choices=("both", "server", "client")),
    Option(
        "only", str, "Judge only requirements whose ids match, for example 'ttl/*'.", (), many=True
    ),
    Option("operations", str, "Judge only this operation.", (), many=True),
    Option(
        "levels", str, "Judge only this level.", (), choices=("MUST", "SHOULD", "MAY"), many=True
    ),
    Option(
        "shard", _shard, "Judge only one part of all, for example 1/4; `merge` joins the reports."
    ),
    Option("seed", _number, "Seed of the generated data.", 1),
    Option("examples", _positive, "Generated requests for each operation and property.", 20),
    Option(
        "clients",
        str,
        "Adapter of the client to judge, as module:class; without it both flavours of the "
        "generated one are judged.",
        (),
        many=True,
    ),
    Option("template", str, "Name or identifier of the template to build workspaces from."),
    Option("deviations", Path, "YAML file of known deviations, which do not make the run fail."),
    Option(
        "max_failures",
        _positive,
        "Stop after this many failures that count against the verdict; the reports say what was "
        "not tested.",
    ),
    Option("keep", _switch, "Leave what was created on the server, for debugging.", False),
    Option("reports", Path, "Folder for reports and journals.", Path("build/conformance")),
    Option(
        "rate",
        _rate,
        "Requests per second to send on average, at most. Without it "
        f"{REMOTE_RATE:g} for servers that are not on this machine, else as many as there is time "
        "for.",
    ),
    Option(
        "max_latency",
        _limit,
        "Judge service levels: milliseconds that a percentile of the answers may take, for all "
        "operations (p95=300) or for one (listWorkspaces:p99=500).",
        (),
        many=True,
    ),
    Option(
        "max_error_rate",
        _part,
        "Judge service levels: the part of the answers under load that may fail, such as 0.5%; "
        "none where only limits of the latency are given.",
    ),
    Option(
        "load_seconds", _seconds, f"Seconds that the load lasts; {NO_LEVELS.seconds:g} by default."
    ),
    Option(
        "load_workers",
        _positive,
        f"Requests of the load that are under way at once; {NO_LEVELS.workers} by default.",
    ),
    Option(
        "load_rate",
        _rate,
        "Requests per second of the load; by default as many as the workers can send and the "
        "option rate allows.",
    ),
    Option(
        "request_timeout",
        _seconds,
        "Seconds to wait for an answer, and for a call of a client to end.",
        _LIMITS.request,
    ),
    Option("build_timeout", _seconds, "Seconds to wait for a build.", _LIMITS.build),
    Option("event_timeout", _seconds, "Seconds to wait for an event of a stream.", _LIMITS.event),
    Option(
        "cleanup_timeout",
        _seconds,
        "Seconds to wait for the deletion of everything.",
        _LIMITS.cleanup,
    ),
)


def add_to(parser: argparse.ArgumentParser, names: tuple[str, ...] | None = None) -> None:
    """Add options to a parser, all of them by default; what is not given stays None."""
    for option in OPTIONS:
        if names is not None and option.name not in names:
            continue
        shown = f"{option.help} (default: {option.default})" if option.default else option.help
        if option.kind is _switch:
            parser.add_argument(
                option.flag,
                dest=option.name,
                # What is on by default has to be switched off by name.
                action=argparse.BooleanOptionalAction if option.default else "store_true",
                default=None,
                help=shown,
            )
            continue
        parser.add_argument(
            option.flag,
            dest=option.name,
            type=option.kind,
            choices=option.choices or None,
            action="append" if option.many else "store",
            default=None,
            help=shown.replace("%", "%%"),
        )


def resolve(
    given: argparse.Namespace, environment: Mapping[str, str], file: Path | None
) -> dict[str, Any]:
    """The value of every option: command line before environment before file before default.

    Args:
        given: The parsed command line.
        environment: The environment.
        file: A file to read; by default `coder-conformance.toml`, if there is one.

    Raises:
        SettingsError: A value cannot be used; the sentence names where it stands.
    """
    from_file = _read(file)
    values: dict[str, Any] = {}
    for option in OPTIONS:
        value = getattr(given, option.name, None)
        if value is None and option.variable in environment:
            value = parse(option, environment[option.variable], option.variable)
        if value is None and option.name in from_file:
            where = f"{option.name} in {file or DEFAULT_FILE}"
            value = parse(option, from_file[option.name], where)
        values[option.name] = option.default if value is None else value
    return values


def _read(file: Path | None) -> dict[str, Any]:
    path = file or DEFAULT_FILE
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if file is None:
            return {}
        raise SettingsError(f"the configuration {path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"the configuration {path} cannot be read: {reason}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"the configuration {path} is not valid TOML: {error}") from None
    known = {option.name for option in OPTIONS}
    for name in content:
        if name not in known:
            message = f"{path} sets {name!r}, which is no option; use {', '.join(sorted(known))}"
            raise SettingsError(message)
    return content


def parse(option: Option, value: Any, where: str) -> Any:
    """The value of an option from its text or texts.

    Raises:
        SettingsError: It cannot be used; the sentence begins with `where`.
    """
    texts: list[str]
    if option.many:
        if not isinstance(value, str | list | tuple):
            raise SettingsError(f"{where}: {value!r} is no list of texts")
        several = value.split(",") if isinstance(value, str) else cast("Iterable[object]", value)
        texts = [str(item) for item in several]
        texts = [text.strip() for text in texts if text.strip()]
    else:
        texts = [str(value).lower() if isinstance(value, bool) else str(value)]
    try:
        parsed = [option.kind(text) for text in texts]
    except argparse.ArgumentTypeError as error:
        raise SettingsError(f"{where}: {error}") from None
    for item in parsed:
        if option.choices and item not in option.choices:
            raise SettingsError(f"{where}: {item!r} is not one of {', '.join(option.choices)}")
    return tuple(parsed) if option.many else parsed[0]


def reference() -> str:
    """All options as a Markdown table."""
    lines = [
        "| command line | file | environment | default | meaning |",
        "|---|---|---|---|---|",
    ]
    for option in OPTIONS:
        default = f"`{option.default}`" if option.default not in {None, ()} else ""
        meaning = option.help.replace("|", "\\|")
        if option.choices:
            meaning += f" One of {', '.join(f'`{choice}`' for choice in option.choices)}."
        if option.many:
            meaning += " May be repeated."
        names = f"`{option.flag}` | `{option.name}` | `{option.variable}`"
        lines.append(f"| {names} | {default} | {meaning} |")
    return "\n".join(lines)
