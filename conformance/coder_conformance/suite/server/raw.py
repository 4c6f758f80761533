"""Requests exactly as they are written, for what an HTTP client would put right on its way."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from urllib.parse import urlsplit

from ...exchange import Exchange
from ...results import CannotJudgeError
from ...wire import AGENT, API, Wire


def send(
    wire: Wire,
    method: str,
    target: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    content: bytes | None = None,
    chunks: Sequence[bytes] | None = None,
    token: bool = True,
) -> Exchange:
    """Send one request over a connection of its own.

    Args:
        wire: Says where to and as whom.
        method: Any word.
        target: What follows the API's prefix, sent as it is.
        headers: Headers in their order, also repeated ones.
        content: The body.
        chunks: The body in pieces, sent as such.
        token: Whether to send the wire's token.

    Raises:
        CannotJudgeError: No answer came, or the run may not send this.
    """
    if wire.readonly and method != "GET":
        raise CannotJudgeError(f"a run that changes nothing must not send {method} {target}")
    parts = urlsplit(wire.url)
    secure = parts.scheme == "https"
    sent = [("User-Agent", f"{AGENT} ({wire.label})"), *headers]
    if token:
        sent.append(("Coder-Session-Token", wire.token))
    if content is not None:
        sent.append(("Content-Length", str(len(content))))
    if chunks is not None:
        sent.append(("Transfer-Encoding", "chunked"))
        content = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in chunks) + b"0\r\n\r\n"
    path = f"{parts.path}{API}{target}"

    def once() -> Exchange:
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=wire.timeout)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in sent:
                connection.putheader(name, value)
            connection.endheaders(content)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            reason = f"{type(error).__name__}: {error}"
            raise CannotJudgeError(f"{method} {target} got no answer ({reason})") from None
        finally:
            connection.close()
        answered: dict[str, str] = {}
        for name, value in response.getheaders():
            key = name.lower()
            answered[key] = f"{answered[key]}, {value}" if key in answered else value
        return Exchange(
            method=method,
            url=f"{parts.scheme}://{parts.netloc}{path}",
            request_headers={name.lower(): value for name, value in sent},
            request_body=content,
            status=response.status,
            headers=answered,
            body=body,
        )

    wire.last = wire.patiently(once)
    return wire.last
