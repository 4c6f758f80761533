"""What a run may be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from .service import NO_LEVELS, ServiceLevels

RoleChoice = Literal["server", "client", "both"]
Profile = Literal["smoke", "readonly", "standard", "full"]
PROFILES: dict[Profile, str] = {
    "smoke": "the main road only, in seconds",
    "readonly": "sends nothing that could change anything; looks at workspaces that are there",
    "standard": "works on workspaces of its own",
    "full": "the same with long random sequences and far more generated requests",
}


# The adapters of the generated client, blocking and asynchronous.
GENERATED_CLIENTS = (
    "coder_conformance.suite.client.generated:Blocking",
    "coder_conformance.suite.client.generated:Asynchronous",
)


# Requests per second to a server elsewhere, which has other users, unless a run says otherwise.
REMOTE_RATE = 20.0


class SettingsError(Exception):
    """A run cannot start; `str()` says what was wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Every time limit of the suite, in seconds.

    Attributes:
        request: For the answer to one request.
        build: For a build to complete.
        event: For a stream event that was caused by a change.
        start: For the embedded reference server to listen.
        cleanup: For everything that the suite created to be gone.
    """

    request: float = 15.0
    build: float = 120.0
    event: float = 20.0
    start: float = 20.0
    cleanup: float = 180.0


@dataclass(frozen=True, slots=True)
class Settings:
    """One run.

    Attributes:
        url: Address of the server without `/api/v2`; None for the embedded reference server.
        token: Session token of the user that the suite works as.
        other_token: Session token of a second, ordinary user.
        create_user: Whether a second user may be created where none is given.
        role: What is judged.
        seed: Seed of all generated data.
        examples: Generated requests for each operation and property, at most.
        clients: Adapters of the clients to judge, each as `module:class`.
        template: Name or identifier of the template to build workspaces from; the first one that
            works by default.
        operations: Judge only these operationIds; empty for all.
        only: Judge only requirements whose ids match one of these patterns; empty for all.
        levels: Judge only requirements of these levels; empty for all.
        shard: Judge only this part of everything, such as `1/4`.
        profile: How far the run may go.
        max_failures: End after this many failures that count against the verdict; None for never.
        rate: Requests per second on average, at most; None for no limit.
        service: Service levels to judge.
        keep: Whether to leave what was created on the server.
        deviations: File of known deviations.
        reports: Folder that the reports are written to.
        timeouts: Time limits.
    """

    url: str | None = None
    token: str = field(default="", repr=False)
    other_token: str = field(default="", repr=False)
    create_user: bool = True
    role: RoleChoice = "both"
    seed: int = 1
    examples: int = 20
    clients: tuple[str, ...] = GENERATED_CLIENTS
    template: str | None = None
    operations: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    shard: str = "1/1"
    profile: Profile = "standard"
    max_failures: int | None = None
    rate: float | None = None
    service: ServiceLevels = NO_LEVELS
    keep: bool = False
    deviations: Path | None = None
    reports: Path = Path("build/conformance")
    timeouts: Timeouts = Timeouts()


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def rate_for(url: str | None, asked: float | None) -> float | None:
    """The rate of requests to a server, None for no limit."""
    if asked is not None or url is None or is_loopback(url):
        return asked
    return REMOTE_RATE


_LONGEST_LABEL = 63


def check_url(url: str) -> str:
    """The address in the form that the suite uses.

    Raises:
        SettingsError: It is no usable http(s) address.
    """
    try:
        parts = urlsplit(url)
        labels = (parts.hostname or "").split(".")
        named = all(0 < len(label) <= _LONGEST_LABEL for label in labels)
        usable = parts.scheme in {"http", "https"} and named and parts.port != 0
        usable = usable and url.isascii() and url.isprintable()
    except ValueError:
        usable = False
        parts = urlsplit("")
    if not usable or parts.query or parts.fragment or parts.username or parts.password:
        shown = repr(url) if "@" not in url else "an address with a user name"  # and a password
        raise SettingsError(
            f"{shown} is not the address of a server; give one such as https://coder.example.com"
        )
    path = parts.path.rstrip("/").removesuffix("/api/v2")
    return f"{parts.scheme}://{parts.netloc}{path}"
