"""What a client is configured with, and how arguments, environment and defaults combine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from coder_workspaces._contract import API_PREFIX, USER_AGENT
from coder_workspaces._retry import NO_RETRIES, RetryPolicy
from coder_workspaces._server_version import ServerVersion
from coder_workspaces.errors import ConfigurationError

URL_VARIABLE = "CODER_URL"
TOKEN_VARIABLE = "CODER_SESSION_TOKEN"  # noqa: S105 - the name of a variable, not a token
TOKEN_HEADER = "Coder-Session-Token"  # noqa: S105 - the name of a header, not a token

# Four times what a page of a thousand workspaces with many agents takes.
MAX_ANSWER_BYTES = 128 * 1024 * 1024

_LONGEST_LABEL = 63
_FORBIDDEN_HEADERS = frozenset({"coder-session-token", "authorization", "cookie", "host"})


class Timeouts(NamedTuple):
    """Every time limit of the client, in seconds; None waits for ever.

    Attributes:
        connect: For establishing a connection.
        read: Between two pieces of an answer.
        write: Between two pieces of a request.
        pool: For a free connection when all are in use.
        stream: Between two signs of life on a stream. The server sends a heartbeat every 15 s, so
            the default allows for two lost ones.
    """

    connect: float | None = 5.0
    read: float | None = 30.0
    write: float | None = 30.0
    pool: float | None = 10.0
    stream: float | None = 45.0

    def extension(self, *, stream: bool) -> dict[str, float | None]:
        """Return the limits in the form that the HTTP layer takes with a request."""
        return {
            "connect": self.connect,
            "read": self.stream if stream else self.read,
            "write": self.write,
            "pool": self.pool,
        }


class RequestOptions(NamedTuple):
    """Settings for a single call; what is None is taken from the client.

    Attributes:
        timeout: Time limits; a number of seconds stands for connect, read, write and pool alike.
        headers: Further headers; they replace the client's of the same name.
        retry: Repetition of failed requests; False switches it off.
        query: Further query parameters, for what the contract does not know; they are added to
            the client's.
        deadline: Moment of ``time.monotonic()`` at which the call is given up, repetitions
            included; opened streams do not end at it.
    """

    timeout: float | Timeouts | None = None
    headers: Mapping[str, str] | None = None
    retry: RetryPolicy | bool | None = None
    query: Mapping[str, str] | None = None
    deadline: float | None = None


class Settings:
    """Resolved configuration of a client. It has no repr of its own, so it shows no token."""

    __slots__ = (
        "base_url",
        "deadline",
        "headers",
        "lenient",
        "max_answer_bytes",
        "query",
        "retry",
        "server",
        "timeouts",
        "token",
    )

    def __init__(
        self,
        base_url: str,
        token: str | None,
        timeouts: Timeouts,
        headers: Mapping[str, str],
        retry: RetryPolicy,
        query: Mapping[str, str],
        *,
        lenient: bool,
        max_answer_bytes: int,
        server: ServerVersion,
        deadline: float | None = None,
    ) -> None:
        self.base_url = base_url
        self.token = token
        self.timeouts = timeouts
        self.headers = headers
        self.retry = retry
        self.query = query
        self.lenient = lenient
        self.max_answer_bytes = max_answer_bytes
        self.server = server
        self.deadline = deadline

    def with_options(self, options: RequestOptions) -> Settings:
        """Return these settings with the given ones in their place."""
        return Settings(
            base_url=self.base_url,
            token=self.token,
            timeouts=self.timeouts
            if options.timeout is None
            else resolve_timeouts(options.timeout, self.timeouts),
            headers=self.headers
            if options.headers is None
            else {**self.headers, **check_headers(options.headers)},
            retry=self.retry if options.retry is None else resolve_retry(options.retry),
            query=self.query if options.query is None else {**self.query, **options.query},
            lenient=self.lenient,
            max_answer_bytes=self.max_answer_bytes,
            server=self.server,
            deadline=options.deadline,
        )


def resolve_settings(
    base_url: str | None,
    token: str | None,
    timeout: float | Timeouts | None,
    headers: Mapping[str, str] | None,
    retry: RetryPolicy | bool | None,
    *,
    lenient: bool,
    max_answer_bytes: int,
) -> Settings:
    """Combine arguments, environment and defaults, in this order of precedence.

    Raises:
        ConfigurationError: No address is given, or a value cannot be used.
    """
    if max_answer_bytes < 1:
        raise ConfigurationError(f"max_answer_bytes is {max_answer_bytes}; it must be positive.")
    return Settings(
        base_url=_resolve_base_url(base_url),
        token=_resolve_token(token),
        timeouts=resolve_timeouts(timeout, Timeouts()),
        headers={"user-agent": USER_AGENT, "accept": "application/json"}
        | check_headers(headers or {}),
        retry=RetryPolicy() if retry is None else resolve_retry(retry),
        query={},
        lenient=lenient,
        max_answer_bytes=max_answer_bytes,
        server=ServerVersion(),
    )


def resolve_timeouts(timeout: float | Timeouts | None, default: Timeouts) -> Timeouts:
    """Return time limits for what a caller passed as timeout."""
    if timeout is None:
        return default
    if isinstance(timeout, Timeouts):
        return timeout
    if timeout <= 0:
        raise ConfigurationError(f"timeout is {timeout}; give a positive number of seconds.")
    return Timeouts(timeout, timeout, timeout, timeout, default.stream)


def resolve_retry(retry: RetryPolicy | bool) -> RetryPolicy:
    """Return a policy for what a caller passed as retry."""
    if isinstance(retry, RetryPolicy):
        return retry
    return RetryPolicy() if retry else NO_RETRIES


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with lower-case names; refuse those that would change who is asking whom."""
    checked: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        if key in _FORBIDDEN_HEADERS:
            raise ConfigurationError(
                f"The header {name} cannot be set; use token= and base_url= instead."
            )
        if not value.isascii() or not value.isprintable():
            raise ConfigurationError(f"The header {name} has a value that HTTP cannot carry.")
        checked[key] = value
    return checked


def _resolve_base_url(base_url: str | None) -> str:
    source = "base_url"
    if base_url is None:
        base_url, source = os.environ.get(URL_VARIABLE, ""), URL_VARIABLE
    text = base_url.strip()
    if not text:
        raise ConfigurationError(
            f"No server address: pass base_url=… or set the environment variable {URL_VARIABLE}."
        )
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigurationError(f"{source} is not a valid address.") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError(f"{source} must not contain credentials; use token=….")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_fine:
        # What has one of these may hold a secret.
        shown = "no usable address" if set(text) & set("@?#") else repr(text)
        raise ConfigurationError(
            f"{source} is {shown}; give an address such as https://coder.example.com."
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(f"{source} must not have a query or a fragment.")
    if any(len(label) > _LONGEST_LABEL for label in parts.hostname.split(".")):
        raise ConfigurationError(f"{source} has a host name that is too long for the DNS.")
    path = parts.path.rstrip("/").removesuffix(API_PREFIX).rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}{API_PREFIX}"


def _resolve_token(token: str | None) -> str | None:
    source = "token"
    if token is None:
        token, source = os.environ.get(TOKEN_VARIABLE, ""), TOKEN_VARIABLE
    text = token.strip()
    if not text.isascii() or not text.isprintable():
        raise ConfigurationError(f"{source} has characters that an HTTP header cannot carry.")
    return text or None
