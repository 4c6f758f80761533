"""Faults of what is not there: unknown routes, and methods that are named or refused."""

from __future__ import annotations

from coder_conformance.reference.seed.default import OWNER
from tests.conformance.faults.pieces.answers import Alter, missing, says, turned
from tests.conformance.faults.pieces.makers import at
from tests.conformance.faults.pieces.places import ACL, GET, LIST, SSE, SSE_PATH, TTL, UPDATES
from tests.conformance.faults.pieces.requests import by_member, caller, identifier
from tests.conformance.faulty import WORKSPACE, Answer, Fault, Json, status

_TOP = "/no-such-.*|/workspacez"
_BELOW = f"{WORKSPACE}/no-such-.*"
_UNSHARED: Json = {"experiments": frozenset()}


def _routed(*statuses: int) -> Alter:
    """Say of a route that it is unknown, whatever else is wrong."""
    return says(404, "Route not found.", lambda answer: answer.status in statuses)


def _of_hidden() -> Alter:
    """Say of a route that it is unknown, where the workspace is there but hidden."""
    there: set[str] = set()

    def alter(answer: Answer) -> None:
        call = answer.call
        if call is None:
            return
        if answer.status < 400 and caller(call) == OWNER.token:
            there.add(identifier(call))
        if by_member(call) and "no-such-" in call.path and identifier(call) in there:
            _routed(404)(answer)

    return alter


def _named_besides(*methods: str) -> Alter:
    """Name further methods that are allowed."""

    def alter(answer: Answer) -> None:
        if answer.status == 405 and "allow" in answer.headers:
            answer.headers["allow"] = ", ".join((answer.headers["allow"], *methods))

    return alter


def _typed(answer: Answer) -> None:
    """Give a type to the content that a refused method has not."""
    if answer.status == 405:
        answer.headers["content-type"] = "application/json; charset=utf-8"


FAULTS: list[Fault] = [
    at(
        (".*", f"{WORKSPACE}/acl"),
        "methods-come-before-the-gate",
        "Without sharing only the method that there is gets 403.",
        "acl/gate-before-the-method",
        ACL,
        alter=turned(403, 405, lambda c: c.method != "PATCH"),
        deployment=_UNSHARED,
    ),
    at(
        (".*", f"{WORKSPACE}/acl"),
        "the-gate-comes-before-the-workspace",
        "Without sharing an unknown workspace gets 403 as well.",
        "acl/gate-before-the-method",
        ACL,
        alter=turned(404, 403, lambda c: c.method == "GET"),
        deployment=_UNSHARED,
    ),
    at(
        (".*", f"{WORKSPACE}(/.*)?"),
        "routes-tell-hidden-workspaces",
        "An unknown path below a hidden workspace is told of as such.",
        "isolation/unknown-routes-of-hidden-workspaces",
        GET,
        alter=_of_hidden(),
    ),
    at(
        ("GET|POST|DELETE|PATCH|HEAD|OPTIONS", f"{WORKSPACE}/ttl"),
        "allow-names-options",
        "OPTIONS is named as allowed, and refused.",
        "routes/allow-is-true",
        TTL,
        alter=_named_besides("OPTIONS"),
    ),
    at(
        ("(?!GET).*", "/workspaces"),
        "allow-names-head",
        "HEAD is named as allowed beside GET, and refused.",
        "routes/allow-is-true",
        LIST,
        alter=_named_besides("HEAD"),
    ),
    at(
        ("GET|POST|DELETE|PATCH", f"{WORKSPACE}/autoupdates"),
        "refused-methods-have-a-type",
        "A method that is not allowed is refused with a content type.",
        "routes/method-not-allowed",
        UPDATES,
        alter=_typed,
    ),
    at(
        ("HEAD", SSE_PATH),
        "head-opens-streams",
        "HEAD is answered with 200 where GET opens an event stream.",
        "routes/no-head",
        SSE,
        alter=status(405, 200),
    ),
    at(
        (".*", _TOP),
        "unknown-routes-mind-wrong-tokens",
        "A wrong token is refused with 401 where there is no route.",
        "routes/unknown-route",
        LIST,
        alter=turned(404, 401, lambda c: caller(c) not in {"", OWNER.token}),
    ),
    at(
        ("POST|PUT", _TOP),
        "unknown-routes-can-only-be-read",
        "Where there is no route, other methods than GET are answered with 405.",
        "routes/unknown-route",
        LIST,
        alter=turned(404, 405),
    ),
    at(
        (".*", _BELOW),
        "routes-come-before-workspaces",
        "An unknown route is told of before an unknown workspace.",
        "routes/unknown-route-of-a-workspace",
        GET,
        alter=_routed(404),
    ),
    at(
        ("(?!GET).*", _BELOW),
        "routes-come-before-identifiers",
        "For a change an unknown route is told of before a malformed identifier.",
        "routes/unknown-route-of-a-workspace",
        GET,
        alter=missing("Route not found."),
    ),
    at(
        (".*", _BELOW),
        "routes-come-before-tokens",
        "An unknown route below a workspace is told of before a wrong token.",
        "routes/unknown-route-of-a-workspace",
        GET,
        alter=_routed(401),
    ),
]
