from __future__ import annotations

import pytest

from coder_spec import Operation

from .contract_watch import CONTRACT, JSON_TYPE, Answer, Headers, Watch, operation_of
from .support import ABSENT_ID

PATH = "/api/v2/workspaces"
HEADERS: Headers = [
    (b"content-type", JSON_TYPE.encode()),
    (b"x-coder-request-id", ABSENT_ID.encode()),
    (b"x-coder-build-version", b"v2"),
]
GOOD = b'{"workspaces":[],"count":0}\n'


def problems(status: int, body: bytes, headers: Headers = HEADERS, path: str = PATH) -> list[str]:
    """Return what a fresh watch says of an answer."""
    watch = Watch()
    watch.look_at(Answer("GET", path, status, headers, [body]))
    return watch.problems


def test_a_good_answer_passes() -> None:
    """An answer of the contract is no problem, nor is one that differs on purpose."""
    assert problems(200, GOOD) == []
    assert problems(404, b'{"message":"Route not found."}\n', path="/api/v2/x") == []
    assert problems(405, b"", HEADERS[1:]) == []


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b'{"workspaces":[]}\n', HEADERS),
        (200, b'{"workspaces":[],"count":"0"}\n', HEADERS),
        (200, b'{"workspaces":[],"count":0,"extra":1}\n', HEADERS),
        (200, GOOD.strip(), HEADERS),
        (200, GOOD, HEADERS[:2]),
        (200, GOOD, HEADERS[1:]),
        (200, GOOD, [*HEADERS, (b"x-ratelimit-limit", b"many")]),
        (201, GOOD, HEADERS),
        (401, b'{"message":"no"}\n', HEADERS),
        (400, b'{"detail":"no"}\n', HEADERS),
        (404, b'{"message":"no"}\n', HEADERS),
        (500, b'{"message":"no"}\n', HEADERS),
    ],
)
def test_whatever_is_wrong_is_noticed(status: int, body: bytes, headers: Headers) -> None:
    """Wrong statuses, bodies, fields, line ends and headers are each a problem."""
    assert problems(status, body, headers) != []


def test_events_are_held_against_their_schemas() -> None:
    """Kinds that do not exist and payloads of the wrong kind are problems."""
    watch = Watch()
    operation = CONTRACT.operation("watchWorkspaceById")
    watch.look_at_message("ping", None, operation)
    watch.look_at_message("error", {"message": "x"}, operation)
    assert watch.problems == []
    for kind, value in (("ping", 1), ("news", None), ("data", {}), ("error", {"detail": "x"})):
        watch.problems.clear()
        watch.look_at_message(kind, value, operation)
        assert watch.problems != [], kind


@pytest.mark.parametrize("operation", CONTRACT.operations, ids=lambda each: each.id)
def test_every_operation_is_recognized(operation: Operation) -> None:
    """A request is held against the operation that it is for, and no other."""
    found = CONTRACT.operation(operation.id)
    path = "/api/v2" + found.path.replace("{", "x").replace("}", "")
    assert operation_of(found.method, path) is found
