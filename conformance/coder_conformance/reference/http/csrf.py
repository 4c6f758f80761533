"""Protects cookie sessions from forged requests."""

from __future__ import annotations

import base64
import binascii
import hmac

from coder_conformance.reference.http.auth import COOKIE, HEADER, bearer_token
from coder_conformance.reference.http.context import Context, Request
from coder_conformance.reference.http.reply import TEXT_TYPE, Header, Refusal, Reply
from coder_conformance.reference.ids import Ids

CSRF_COOKIE = "csrf_token"
TOKEN_BYTES = 32
_SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
_TEXT = (
    b"The CSRF token is missing or wrong. Reload the page, or send the session token as header.\n"
)


def check_csrf(context: Context) -> None:
    """Raise the 400 answer for a request that only a cookie authenticates."""
    request = context.request
    session = request.cookie(COOKIE)
    if not session or request.method in _SAFE_METHODS:
        return
    if session in (request.header(HEADER), request.query.first(COOKIE)) or bearer_token(request):
        return
    real = _decode(request.cookie(CSRF_COOKIE))
    sent = _decode(request.header(b"x-csrf-token"))
    if len(real) == TOKEN_BYTES and hmac.compare_digest(_unmask(sent), real):
        return
    raise Refusal(Reply(400, _TEXT, [TEXT_TYPE]))


def csrf_cookie(request: Request, ids: Ids) -> list[Header]:
    """Return the header that sets a token, nothing if the request has a proper one."""
    if len(_decode(request.cookie(CSRF_COOKIE))) == TOKEN_BYTES:
        return []
    token = base64.b64encode(ids.octets(TOKEN_BYTES))
    return [(b"set-cookie", b"csrf_token=" + token + b"; Path=/; HttpOnly; SameSite=Lax")]


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("latin-1"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _unmask(sent: bytes) -> bytes:
    """Undo the mask of a token of double length: key first, then the token XOR the key."""
    if len(sent) != 2 * TOKEN_BYTES:
        return sent
    key, masked = sent[:TOKEN_BYTES], sent[TOKEN_BYTES:]
    return bytes(a ^ b for a, b in zip(key, masked, strict=True))
