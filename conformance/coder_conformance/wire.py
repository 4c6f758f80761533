"""Raw HTTP to a server: nothing is retried, followed, remembered or decoded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

import httpx2

from coder_spec import Operation

from .exchange import Exchange, keep_secret
from .pace import pace_of, patiently
from .results import CannotJudgeError
from .settings import SettingsError

API = "/api/v2"
AGENT = "coder-conformance"
Source = Literal["header", "bearer", "cookie", "session-query", "access-query"]


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the way to send it."""

    value: str
    source: Source = "header"


_MOST_BYTES = 64 * 2**20
_MOST_SILENT = 5


class _Unset:
    """Tells 'no body' from a body that is JSON null."""


UNSET = _Unset()

# Many servers close connections that were idle for five seconds, which is also when the library
# stops using them: a request that is sent at that moment is lost.
_LIMITS = httpx2.Limits(keepalive_expiry=2.0)


class Wire:
    """Sends requests to one server as one user.

    Args:
        url: Address of the server without `/api/v2`.
        token: Session token that is sent unless a call says otherwise.
        timeout: Seconds to wait for an answer.
        readonly: Refuse to send anything but GET, whoever asks for it.
    """

    def __init__(self, url: str, token: str, timeout: float, *, readonly: bool = False) -> None:
        self.url = url
        self.token = token
        self.timeout = timeout
        self.readonly = readonly
        self.pace = pace_of(url)
        # What the current test is called, so that it can be found in the server's log.
        self.label = ""
        self.last: Exchange | None = None
        self._silent = 0
        keep_secret(token)
        try:
            self._http = httpx2.Client(
                timeout=timeout, follow_redirects=False, trust_env=True, limits=_LIMITS
            )
        except (OSError, ImportError, ValueError) as error:
            raise SettingsError(
                f"no connection can be made as the environment asks for ({error}); see to "
                "SSL_CERT_FILE, HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
            ) from None

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def call(
        self,
        operation: Operation,
        path: Mapping[str, str] | None = None,
        *,
        method: str | None = None,
        query: Mapping[str, str] | None = None,
        body: Any = UNSET,
        content: bytes | None = None,
        token: Token | _Unset | None = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send one request of an operation.

        Args:
            operation: The operation.
            path: Values of its path parameters.
            method: Another method than the operation's.
            query: Query parameters.
            body: Value to send as JSON.
            content: Bytes to send as the body instead.
            token: Token to send, None for none; the wire's own by default.
            headers: More headers.

        Raises:
            CannotJudgeError: No answer came.
        """
        filled = operation.path
        for name, value in (path or {}).items():
            filled = filled.replace("{" + name + "}", quote(value, safe=""))
        if body is not UNSET:
            content = json.dumps(body).encode()
        return self.send(
            method or operation.method,
            filled,
            query=query,
            content=content,
            token=token,
            headers=headers,
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        token: Token | _Unset | None = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send one request to a path below `/api/v2`; see `call`."""
        request = self.request(
            method, path, query=query, content=content, token=token, headers=headers
        )
        self.last = self.patiently(lambda: self._exchange(request, content, f"{method} {path}"))
        return self.last

    def patiently(self, send: Callable[[], Exchange]) -> Exchange:
        """Send a request at the pace of the server, again while that has too many of them.

        Args:
            send: Sends the request once.

        Raises:
            CannotJudgeError: The server goes on having too many.
        """

        def once() -> Exchange | None:
            self.pace.wait()
            answer = send()
            fine = self.pace.allows(answer.status, answer.headers.get("retry-after"))
            return answer if fine else None

        return patiently(once)

    @property
    def gone(self) -> bool:
        """Whether the server has not answered for so often that it is not worth asking again."""
        return self._silent >= _MOST_SILENT

    def _exchange(self, request: httpx2.Request, content: bytes | None, what: str) -> Exchange:
        started = time.perf_counter()
        try:
            response = self._http.send(request, stream=True)
            try:
                body = self._read(response, what)
            finally:
                response.close()
        except httpx2.HTTPError as error:
            self._silent += 1
            raise CannotJudgeError(f"{what} got no answer ({_reason(error)})") from None
        finally:
            # A cookie that a login sets would silently take the place of every other token.
            self._http.cookies.clear()
        self._silent = 0
        seconds = time.perf_counter() - started
        return replace(exchange(request, content, response, body), seconds=seconds)

    def _read(self, response: httpx2.Response, what: str) -> bytes:
        """The body, unless it is endless."""
        deadline = time.monotonic() + 4 * self.timeout
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > _MOST_BYTES:
                raise CannotJudgeError(f"the answer to {what} is longer than {_MOST_BYTES} bytes")
            if time.monotonic() > deadline:
                raise CannotJudgeError(f"the answer to {what} does not end")
        return b"".join(pieces)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        token: Token | _Unset | None = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Request:
        """The request that `send` would send.

        Raises:
            CannotJudgeError: It could change something and the run may not.
        """
        if self.readonly and method != "GET":
            raise CannotJudgeError(f"a run that changes nothing must not send {method} {path}")
        chosen = Token(self.token) if isinstance(token, _Unset) else token
        sent = {"user-agent": f"{AGENT} ({self.label})" if self.label else AGENT}
        parameters = dict(query or {})
        if chosen is not None:
            match chosen.source:
                case "header":
                    sent["coder-session-token"] = chosen.value
                case "bearer":
                    sent["authorization"] = f"Bearer {chosen.value}"
                case "cookie":
                    sent["cookie"] = f"coder_session_token={chosen.value}"
                    # The server protects cookies against forged requests; this proves intent.
                    sent["coder-session-token"] = chosen.value
                case "session-query":
                    parameters["coder_session_token"] = chosen.value
                case "access-query":
                    parameters["access_token"] = chosen.value
        if content is not None:
            sent["content-type"] = "application/json"
        sent.update(headers or {})
        return self._http.build_request(
            method,
            f"{self.url}{API}{path}",
            params=parameters or None,
            content=content,
            headers=sent,
        )


def _reason(error: httpx2.HTTPError) -> str:
    text = f"{type(error).__name__}: {error}"
    if "CERTIFICATE_VERIFY_FAILED" in text:
        text += "; name your authority's certificate in SSL_CERT_FILE"
    return text


def exchange(
    request: httpx2.Request, content: bytes | None, response: httpx2.Response, body: bytes
) -> Exchange:
    """What was sent and what came, as a value."""
    return Exchange(
        method=request.method,
        url=str(request.url),
        request_headers={name.lower(): value for name, value in request.headers.items()},
        request_body=content,
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body,
    )
