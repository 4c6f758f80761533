"""Faults of paths: identifiers, users, organizations and names in them."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.conformance.faults.pieces.answers import missing, says
from tests.conformance.faults.pieces.lines import Requests
from tests.conformance.faults.pieces.makers import at, named
from tests.conformance.faults.pieces.past import in_status, minding
from tests.conformance.faults.pieces.places import (
    AUTOSTART,
    BY_NAME,
    CREATE,
    CREATE_IN,
    GET,
    TIMINGS,
    TTL,
    UPDATES,
    USAGE,
    UUID,
)
from tests.conformance.faulty import Call, Fault


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
    found = UUID.match(text)
    return found[0] if found and len(text) == 37 else text


def _cased(text: str) -> str:
    return text if text == text.lower() or UUID.fullmatch(text) else "nobody-of-this-name"


def _no_identifier(text: str) -> str:
    return "nobody-of-this-name" if UUID.fullmatch(text) else text


def _default(text: str) -> str:
    """The default organization for every name that is none."""
    known = UUID.fullmatch(text) or text.lower() in {"coder", "default"}
    return text if known else "default"


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


FAULTS: list[Fault] = [
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
    at(
        ("", ""),
        "escapes-in-paths-are-letters",
        "Percent-escapes in paths are not decoded.",
        "paths/encoded-paths",
        GET,
        wire=_Escapes,
    ),
    named(
        TIMINGS,
        "upper-case-identifiers-are-refused",
        "paths/identifier-spellings",
        refuse=lambda c: c.path != c.path.lower(),
    ),
    at(
        ("PUT", r"/workspaces/\{.*\}/ttl"),
        "braces-are-refused-below",
        "Identifiers in braces are refused when a time to stop is set.",
        "paths/identifier-spellings",
        TTL,
        alter=says(400, "Invalid UUID.", lambda a: a.status < 300),
    ),
    at(
        ("POST", "/organizations/default/.*"),
        "default-is-no-organization",
        "The default organization cannot be asked for as such.",
        "paths/organization-default",
        CREATE_IN,
        alter=says(
            404,
            "Resource not found or you do not have access to this resource",
            lambda a: a.status != 401,
        ),
        drop=False,
    ),
    at(
        CREATE_IN,
        "organizations-have-a-case",
        "Names of organizations in paths are compared with their case.",
        "paths/organization-spellings",
        rewrite=_segment(2, _cased),
    ),
    at(
        CREATE_IN,
        "any-organization-is-the-default",
        "The name of an unknown organization stands for the default one.",
        "paths/organization-unknown",
        rewrite=_segment(2, _default),
    ),
    at(
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
                and not UUID.fullmatch(a.call.path.split("/")[2])
            ),
        ),
    ),
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
    at(
        UPDATES,
        "near-identifiers-are-not-found",
        "Almost a UUID is an unknown workspace.",
        "paths/refuses-near-identifiers",
        alter=missing("Resource not found or you do not have access to this resource"),
    ),
    at(
        ("GET", r".*//.*"),
        "repeated-slashes-are-a-route",
        "A repeated slash makes a path unknown.",
        "paths/repeated-slashes",
        GET,
        alter=says(404, "Route not found.", lambda a: a.status == 200),
    ),
    at(
        CREATE,
        "usernames-have-a-case",
        "Usernames in paths are compared with their case.",
        "paths/user-spellings",
        rewrite=_segment(2, _cased),
    ),
    at(
        CREATE_IN,
        "users-have-no-identifier",
        "Users are found by name only.",
        "paths/user-spellings",
        rewrite=_segment(4, _no_identifier),
    ),
    at(
        BY_NAME,
        "e-mail-addresses-are-users",
        "An e-mail address stands for a user.",
        "paths/user-unknown",
        rewrite=_segment(2, lambda v: "me" if "@" in v else v),
    ),
    at(
        CREATE,
        "unknown-users-are-404",
        "An unknown user is not found.",
        "paths/user-unknown",
        alter=says(404, "Resource not found.", lambda a: a.status == 400 and b"user=" in a.body),
    ),
    at(
        BY_NAME,
        "long-names-are-refused-in-paths",
        "A name of more than 64 letters is refused in a path.",
        "paths/workspace-names-are-free-text",
        refuse=_long,
    ),
    at(
        BY_NAME,
        "names-in-paths-are-checked",
        "A name that cannot be given is refused in a path.",
        "paths/workspace-names-are-free-text",
        refuse=_blank,
    ),
]
