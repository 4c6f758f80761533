"""Faults of routes: methods, slashes, and paths that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.faults.pieces.answers import Alter, headers_dropped, missing, says
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.places import (
    DORMANT,
    EVERYWHERE,
    GET,
    LIST,
    RESOLVE,
    TIMINGS,
    TTL,
    UPDATES,
)
from tests.conformance.faults.pieces.requests import changed, filled
from tests.conformance.faulty import WORKSPACE, Answer, Call, Fault, status, without_content

_VERBS = {"GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}
_OWN = r"/workspaces/[^/]+/"


def _no_allow(answer: Answer) -> None:
    if answer.status == 405:
        headers_dropped(answer, "allow")


def _body_with_405(answer: Answer) -> None:
    if answer.status == 405:
        answer.body = b"Method Not Allowed"
        answer.headers["content-type"] = "text/plain"


def _truth(value: Any) -> Any:
    return {"true": True, "false": False, 1: True, 0: False}.get(value, value)


def _plain(status: int, about: bytes, text: bytes) -> Alter:
    """Say in plain text what some errors are."""

    def alter(answer: Answer) -> None:
        if answer.status == status and about in answer.body:
            answer.body = text
            answer.headers["content-type"] = "text/plain; charset=utf-8"

    return alter


def _path(change: Callable[[str], str]) -> Callable[[Call], None]:
    def rewrite(call: Call) -> None:
        call.path = change(call.path)

    return rewrite


def _status(old: tuple[int, ...], new: int, when: Callable[[Call], bool]) -> Any:
    """Another status without a body."""

    def alter(answer: Answer) -> None:
        if answer.status in old and answer.call is not None and when(answer.call):
            answer.status, answer.body = new, b""
            answer.headers = without_content(answer.headers)

    return alter


def _after_all(answer: Answer) -> None:
    """Say that there is no such path, of what was carried out."""
    says(404, "Route not found.", lambda a: a.status < 300)(answer)


def _sliced(call: Call) -> None:
    call.path = call.path.rstrip("/")


def _is_preflight(call: Call) -> bool:
    return "access-control-request-method" in call.headers


def _welcome(answer: Answer) -> None:
    if answer.call is not None and _is_preflight(answer.call):
        answer.headers["access-control-allow-origin"] = answer.call.headers.get("origin", "*")


def _boolean(value: Any) -> Any:
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower(), value)


FAULTS: list[Fault] = [
    at(
        DORMANT,
        "dormancy-is-read-from-text",
        "Dormancy may be given as a text or a number.",
        "routes/malformed-body",
        rewrite=changed("dormant", lambda v: _truth(v) if isinstance(v, str | int) else v),
    ),
    at(
        TTL,
        "an-empty-body-clears-the-ttl",
        "A request without a body clears the time to stop.",
        "routes/malformed-body",
        rewrite=filled,
    ),
    at(
        DORMANT,
        "texts-are-booleans",
        "The text true is true.",
        "routes/malformed-body",
        rewrite=changed("dormant", _boolean),
    ),
    at(
        UPDATES,
        "malformed-identifiers-are-told-in-plain-text",
        "A malformed identifier is refused in plain text.",
        "routes/malformed-identifier",
        alter=_plain(400, b"UUID", b"invalid UUID\n"),
    ),
    at(
        TIMINGS,
        "malformed-identifiers-are-unknown",
        "A malformed identifier is not found.",
        "routes/malformed-identifier",
        alter=missing("Resource not found or you do not have access to this resource"),
    ),
    named(
        ("GET|POST|OPTIONS|PATCH|DELETE", f"{WORKSPACE}/autoupdates"),
        "allow-is-missing",
        "routes/method-not-allowed",
        UPDATES,
        alter=_no_allow,
    ),
    named(
        ("PUT|POST|DELETE", WORKSPACE),
        "a-wrong-method-gets-a-text",
        "routes/method-not-allowed",
        GET,
        alter=_body_with_405,
    ),
    named(("HEAD", WORKSPACE), "head-is-get", "routes/no-head", GET, alter=status(405, 200)),
    named(
        ("OPTIONS", f"{WORKSPACE}/ttl"),
        "options-is-allowed",
        "routes/no-options",
        TTL,
        alter=status(405, 204),
    ),
    at(
        ("GET|POST|DELETE|PATCH", f"{WORKSPACE}/dormant"),
        "methods-are-judged-before-workspaces",
        "A wrong method is refused before the workspace is looked up.",
        "routes/path-before-method",
        DORMANT,
        alter=_status((400, 404), 405, lambda c: c.method != "PUT"),
    ),
    at(
        ("PUT|POST|DELETE|PATCH", f"{WORKSPACE}/timings"),
        "methods-are-judged-before-identifiers",
        "A wrong method is refused before the identifier is read.",
        "routes/path-before-method",
        TIMINGS,
        alter=_status((400,), 405, lambda _: True),
    ),
    at(
        ("OPTIONS", f"{WORKSPACE}/autoupdates"),
        "preflights-are-welcome",
        "A preflight of any origin is allowed.",
        "routes/preflight",
        UPDATES,
        alter=_welcome,
    ),
    at(
        ("OPTIONS", "/workspaces"),
        "preflights-have-no-content",
        "A preflight is answered with 204.",
        "routes/preflight",
        LIST,
        alter=_status((200,), 204, _is_preflight),
    ),
    named(
        ("GET", f"{WORKSPACE}/"),
        "a-slash-is-a-page-that-is-not-there",
        "routes/trailing-slash-accepted",
        GET,
        alter=status(200, 404),
    ),
    named(
        ("GET", f"{WORKSPACE}/resolve-autostart/"),
        "a-slash-at-the-end-is-ignored",
        "routes/trailing-slash-refused",
        RESOLVE,
        rewrite=_sliced,
    ),
    at(
        ("PUT", f"{WORKSPACE}/autoupdates/"),
        "what-ends-with-a-slash-is-carried-out",
        "A path with a slash at the end is unknown, but the change is carried out.",
        "routes/trailing-slash-refused",
        UPDATES,
        alter=_after_all,
        rewrite=_sliced,
    ),
    at(
        EVERYWHERE,
        "unknown-routes-get-a-text",
        "Unknown routes are answered in plain text.",
        "routes/unknown-route",
        LIST,
        alter=_plain(404, b"Route not found.", b"404 page not found\n"),
    ),
    at(
        ("GET", rf"{_OWN}(?!acl|watch|timings|resolve|builds)[^/]+(/.*)?"),
        "what-is-below-a-workspace-is-the-workspace",
        "An unknown path below a workspace shows the workspace.",
        "routes/unknown-route-of-a-workspace",
        GET,
        rewrite=_path(lambda p: "/".join(p.split("/")[:3])),
    ),
    at(
        ("GET", rf"{_OWN}(?!watch).+"),
        "unknown-paths-are-told-in-plain-text",
        "An unknown path below a workspace is told in plain text.",
        "routes/unknown-route-of-a-workspace",
        GET,
        alter=_plain(404, b"Route", b"404 page not found\n"),
    ),
    at(
        ("[A-Z]+", f"{WORKSPACE}/ttl"),
        "unknown-verbs-are-not-implemented",
        "An unknown method is answered with 501.",
        "routes/unknown-verbs",
        TTL,
        alter=_status((405,), 501, lambda c: c.method not in _VERBS),
    ),
    at(
        ("[A-Z]+", "/workspaces"),
        "unknown-verbs-are-bad-requests",
        "An unknown method is answered with 400.",
        "routes/unknown-verbs",
        LIST,
        alter=_status((405,), 400, lambda c: c.method not in _VERBS),
    ),
    named(TIMINGS, "unknown-is-410", "routes/unknown-workspace", alter=status(404, 410)),
]
