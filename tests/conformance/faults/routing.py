"""Faults of paths: identifiers and names in them, unknown ones, methods, slashes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance.faults.kit import (
    AUTOSTART,
    BY_NAME,
    CREATE,
    CREATE_IN,
    DORMANT,
    GET,
    LIST,
    RESOLVE,
    TIMINGS,
    TTL,
    UPDATES,
    USAGE,
    of,
    says,
)
from tests.conformance.faults.memory import in_status, minding
from tests.conformance.faults.more_kit import at
from tests.conformance.faults.wires import Requests
from tests.conformance.faulty import (
    WORKSPACE,
    Answer,
    Call,
    Fault,
    without_content,
)

_VERBS = {"GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OWN = r"/workspaces/[^/]+/"


def _path(change: Callable[[str], str]) -> Callable[[Call], None]:
    def rewrite(call: Call) -> None:
        call.path = change(call.path)

    return rewrite


def _segment(number: int, change: Callable[[str], str]) -> Callable[[Call], None]:
    """Change one part of the path."""

    def rewrite(call: Call) -> None:
        parts = call.path.split("/")
        parts[number] = change(parts[number])
        call.path = "/".join(parts)

    return rewrite


def _any_hyphens(text: str) -> str:
    """A UUID, wherever its hyphens are."""
    digits = text.replace("-", "")
    return digits if re.fullmatch(r"[0-9a-fA-F]{32}", digits) else text


def _first_36(text: str) -> str:
    """A UUID and what comes after it."""
    found = _UUID.match(text)
    return found[0] if found and len(text) == 37 else text


def _cased(text: str) -> str:
    return text if text == text.lower() or _UUID.fullmatch(text) else "nobody-of-this-name"


def _no_identifier(text: str) -> str:
    return "nobody-of-this-name" if _UUID.fullmatch(text) else text


def _default(text: str) -> str:
    """The default organization for every name that is none."""
    known = _UUID.fullmatch(text) or text.lower() in {"coder", "default"}
    return text if known else "default"


def _plain(answer: Answer) -> None:
    """Malformed identifiers are refused in plain text."""
    if answer.status == 400 and b"UUID" in answer.body:
        answer.body = b"invalid UUID\n"
        answer.headers["content-type"] = "text/plain; charset=utf-8"


def _missing(message: str) -> Callable[[Answer], None]:
    return says(404, message, lambda a: a.status == 400 and b"UUID" in a.body)


def _status(old: tuple[int, ...], new: int, when: Callable[[Call], bool]) -> Any:
    """Another status without a body."""

    def alter(answer: Answer) -> None:
        if answer.status in old and answer.call is not None and when(answer.call):
            answer.status, answer.body = new, b""
            answer.headers = without_content(answer.headers)

    return alter


def _page_not_found(answer: Answer) -> None:
    if answer.status == 404 and b"Route" in answer.body:
        answer.body = b"404 page not found\n"
        answer.headers["content-type"] = "text/plain; charset=utf-8"


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


def _near(operation: str, name: str, sentence: str, change: Callable[[str], str]) -> Fault:
    return at(
        operation, name, sentence, "paths/refuses-near-identifiers", rewrite=_segment(2, change)
    )


def _long(call: Call) -> bool:
    return len(call.path.rsplit("/", 1)[1]) > 64


def _blank(call: Call) -> bool:
    return not re.fullmatch(r"[\w-]+", call.path.rsplit("/", 1)[1])


class _Escapes(Requests):
    """Takes percent-escapes in paths for what they are."""

    def head(self, head: bytes) -> bytes:
        line, rest = head.split(b"\r\n", 1)
        path, *more = line.split(b"?", 1)
        return b"?".join([path.replace(b"%", b"%25"), *more]) + b"\r\n" + rest


FAULTS = [
    _near(
        TTL,
        "hyphens-may-be-anywhere",
        "An identifier may have its hyphens anywhere.",
        _any_hyphens,
    ),
    _near(
        GET,
        "a-digit-too-many-does-not-matter",
        "Of an identifier with one more digit the digit is ignored.",
        _first_36,
    ),
    of(
        UPDATES,
        "near-identifiers-are-not-found",
        "Almost a UUID is an unknown workspace.",
        "paths/refuses-near-identifiers",
        alter=_missing("Resource not found or you do not have access to this resource"),
    ),
    minding(
        "schedules-of-the-deleted-are-out-of-reach",
        AUTOSTART,
        "paths/deleted-still-reachable",
        "A deleted workspace gets no schedule.",
        in_status("deleted"),
        refusal=404,
    ),
    minding(
        "use-of-the-deleted-is-out-of-reach",
        USAGE,
        "paths/deleted-still-reachable",
        "Use of a deleted workspace is not accepted.",
        in_status("deleted"),
        refusal=410,
    ),
    of(
        CREATE,
        "usernames-have-a-case",
        "Usernames in paths are compared with their case.",
        "paths/user-spellings",
        rewrite=_segment(2, _cased),
    ),
    of(
        CREATE_IN,
        "users-have-no-identifier",
        "Users are found by name only.",
        "paths/user-spellings",
        rewrite=_segment(4, _no_identifier),
    ),
    of(
        BY_NAME,
        "e-mail-addresses-are-users",
        "An e-mail address stands for a user.",
        "paths/user-unknown",
        rewrite=_segment(2, lambda v: "me" if "@" in v else v),
    ),
    of(
        CREATE,
        "unknown-users-are-404",
        "An unknown user is not found.",
        "paths/user-unknown",
        alter=says(404, "Resource not found.", lambda a: a.status == 400 and b"user=" in a.body),
    ),
    of(
        CREATE_IN,
        "organizations-have-a-case",
        "Names of organizations in paths are compared with their case.",
        "paths/organization-spellings",
        rewrite=_segment(2, _cased),
    ),
    of(
        CREATE_IN,
        "any-organization-is-the-default",
        "The name of an unknown organization stands for the default one.",
        "paths/organization-unknown",
        rewrite=_segment(2, _default),
    ),
    of(
        CREATE_IN,
        "unknown-organizations-are-malformed",
        "An organization that is no UUID and has no known name is refused with 400.",
        "paths/organization-unknown",
        alter=says(
            400,
            "Invalid UUID.",
            lambda a: (
                a.status == 404
                and a.call is not None
                and not _UUID.fullmatch(a.call.path.split("/")[2])
            ),
        ),
    ),
    of(
        BY_NAME,
        "long-names-are-refused-in-paths",
        "A name of more than 64 letters is refused in a path.",
        "paths/workspace-names-are-free-text",
        refuse=_long,
    ),
    of(
        BY_NAME,
        "names-in-paths-are-checked",
        "A name that cannot be given is refused in a path.",
        "paths/workspace-names-are-free-text",
        refuse=_blank,
    ),
    Fault(
        "escapes-in-paths-are-letters",
        GET,
        "paths/encoded-paths",
        "",
        "",
        wire=_Escapes,
        sentence="Percent-escapes in paths are not decoded.",
    ),
    of(
        UPDATES,
        "malformed-identifiers-are-told-in-plain-text",
        "A malformed identifier is refused in plain text.",
        "routes/malformed-identifier",
        alter=_plain,
    ),
    Fault(
        "malformed-identifiers-are-unknown",
        TIMINGS,
        "routes/malformed-identifier",
        "GET",
        f"{WORKSPACE}/timings",
        alter=_missing("Resource not found or you do not have access to this resource"),
        sentence="A malformed identifier is not found.",
    ),
    Fault(
        "unknown-verbs-are-not-implemented",
        TTL,
        "routes/unknown-verbs",
        "[A-Z]+",
        f"{WORKSPACE}/ttl",
        alter=_status((405,), 501, lambda c: c.method not in _VERBS),
        sentence="An unknown method is answered with 501.",
    ),
    Fault(
        "unknown-verbs-are-bad-requests",
        LIST,
        "routes/unknown-verbs",
        "[A-Z]+",
        "/workspaces",
        alter=_status((405,), 400, lambda c: c.method not in _VERBS),
        sentence="An unknown method is answered with 400.",
    ),
    Fault(
        "methods-are-judged-before-workspaces",
        DORMANT,
        "routes/path-before-method",
        "GET|POST|DELETE|PATCH",
        f"{WORKSPACE}/dormant",
        alter=_status((400, 404), 405, lambda c: c.method != "PUT"),
        sentence="A wrong method is refused before the workspace is looked up.",
    ),
    Fault(
        "methods-are-judged-before-identifiers",
        TIMINGS,
        "routes/path-before-method",
        "PUT|POST|DELETE|PATCH",
        f"{WORKSPACE}/timings",
        alter=_status((400,), 405, lambda _: True),
        sentence="A wrong method is refused before the identifier is read.",
    ),
    Fault(
        "a-slash-at-the-end-is-ignored",
        RESOLVE,
        "routes/trailing-slash-refused",
        "GET",
        f"{WORKSPACE}/resolve-autostart/",
        rewrite=_sliced,
    ),
    Fault(
        "what-ends-with-a-slash-is-carried-out",
        UPDATES,
        "routes/trailing-slash-refused",
        "PUT",
        f"{WORKSPACE}/autoupdates/",
        rewrite=_sliced,
        alter=_after_all,
        sentence="A path with a slash at the end is unknown, but the change is carried out.",
    ),
    Fault(
        "what-is-below-a-workspace-is-the-workspace",
        GET,
        "routes/unknown-route-of-a-workspace",
        "GET",
        rf"{_OWN}(?!acl|watch|timings|resolve|builds)[^/]+(/.*)?",
        rewrite=_path(lambda p: "/".join(p.split("/")[:3])),
        sentence="An unknown path below a workspace shows the workspace.",
    ),
    Fault(
        "unknown-paths-are-told-in-plain-text",
        GET,
        "routes/unknown-route-of-a-workspace",
        "GET",
        rf"{_OWN}(?!watch).+",
        alter=_page_not_found,
        sentence="An unknown path below a workspace is told in plain text.",
    ),
    Fault(
        "preflights-are-welcome",
        UPDATES,
        "routes/preflight",
        "OPTIONS",
        f"{WORKSPACE}/autoupdates",
        alter=_welcome,
        sentence="A preflight of any origin is allowed.",
    ),
    Fault(
        "preflights-have-no-content",
        LIST,
        "routes/preflight",
        "OPTIONS",
        "/workspaces",
        alter=_status((200,), 204, _is_preflight),
        sentence="A preflight is answered with 204.",
    ),
]
