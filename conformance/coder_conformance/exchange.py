"""One HTTP request and its answer, and how to show them without the token."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

# Tokens of Coder's form, wherever they turn up, also right after an escape sequence; and whatever
# stands where a token would.
_TOKEN = re.compile(r"[A-Za-z0-9]{10}-[A-Za-z0-9]{22}")
_PASSWORD = re.compile(r'("password"\s*:\s*)"(?:[^"\\]|\\.)*"')
_TOKEN_QUERY = re.compile(r"\b(coder_session_token|access_token)=[^&\s\"'#]*")
_SECRET_HEADERS = {"coder-session-token", "authorization", "cookie", "set-cookie"}
PLACEHOLDER = "$CODER_SESSION_TOKEN"
_SHOWN = 600


# The tokens that are used, which may be of any form, as they are and as addresses have them.
_USED: set[str] = set()
_SHORTEST = 8


def keep_secret(token: str) -> None:
    """Replace a token wherever it would be shown from now on."""
    if len(token) >= _SHORTEST:  # what is shorter stands in ordinary words
        _USED.update({token, quote(token, safe="")})


def redact(text: str) -> str:
    """The text with every token and password replaced."""
    for used in sorted(_USED, key=len, reverse=True):
        text = text.replace(used, PLACEHOLDER)
    text = _PASSWORD.sub(r'\1"$PASSWORD"', text)
    text = _TOKEN_QUERY.sub(rf"\1={PLACEHOLDER}", text)
    return _TOKEN.sub(PLACEHOLDER, text)


def shorten(text: str, limit: int = _SHOWN) -> str:
    """The text, cut where it is longer than is useful in a report."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was sent and the answer that came.

    Attributes:
        method: HTTP method.
        url: Full address, with the query.
        request_headers: Headers as sent, by lower-case name.
        request_body: Body as sent; None for none.
        status: Status of the answer.
        headers: Headers of the answer, by lower-case name; repeated ones joined by commas.
        body: Body of the answer.
        seconds: How long it took to come, from sending the request to the end of the body.
    """

    method: str
    url: str
    request_headers: dict[str, str] = field(repr=False)
    request_body: bytes | None = field(repr=False)
    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float = field(default=0.0, compare=False)

    @property
    def path(self) -> str:
        """Path of the request, percent-decoded."""
        return unquote(self.url.split("://", 1)[-1].partition("/")[2].split("?", 1)[0])

    @property
    def media_type(self) -> str:
        """Media type of the answer without parameters; empty when it has none."""
        return self.headers.get("content-type", "").split(";", 1)[0].strip().lower()

    def json(self) -> Any:
        """The answer as JSON.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.body)

    def curl(self) -> str:
        """The request as a command line that works once the token stands in the environment."""
        parts = ["curl", "-i", "-X", self.method]
        for name, value in self.request_headers.items():
            if name in _SECRET_HEADERS:
                parts += ["-H", f'"{_secret(name, value)}"']
            elif name in {"content-type", "upgrade"} or name.startswith("sec-"):
                parts += ["-H", shlex.quote(f"{name}: {redact(value)}")]
        if self.request_body is not None:
            shown = redact(self.request_body.decode("utf-8", "backslashreplace"))
            parts += ["--data-binary", shlex.quote(shorten(shown, 2000))]
        parts.append(shlex.quote(redact(self.url)))
        return " ".join(parts)

    def answer(self) -> str:
        """The answer in short."""
        shown = redact(self.body.decode("utf-8", "backslashreplace")).strip()
        return f"{self.status} {self.media_type} {shorten(shown)}".strip()


def _secret(name: str, value: str) -> str:
    if name == "authorization":
        return f"{name}: {value.split(' ', 1)[0]} {PLACEHOLDER}"
    if name == "cookie":
        names = [part.split("=", 1)[0] for part in value.split("; ")]
        return f"{name}: {'; '.join(f'{cookie}={PLACEHOLDER}' for cookie in names)}"
    return f"{name}: {PLACEHOLDER}"
