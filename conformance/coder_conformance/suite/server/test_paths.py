"""Identifiers and names in paths."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder_conformance import streams
from coder_conformance.exchange import shorten
from coder_conformance.results import Mismatch
from coder_conformance.suite.server import raw
from coder_conformance.suite.server.effects import EXTEND, Effect
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt, still, usual
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
BY_NAME = "getWorkspaceMetadataByUserAndWorkspaceName"
BY_ORGANIZATION = "createUserWorkspaceByOrganization"


def spellings(identifier: str) -> list[str]:
    """Other ways to write an identifier."""
    upper = identifier.upper()
    bare = UUID(identifier).hex
    urns = [f"urn:uuid:{identifier}", f"urn:uuid:{upper}"]
    return [upper, bare, bare.upper(), *urns, "{" + identifier + "}", "{" + upper + "}"]


@MARK("paths/identifier-spellings")
def test_identifier_spellings(scenario: Scenario, effect: Effect, operation: Operation) -> None:
    """A change by each spelling is there afterwards, and what is read by each is the same."""
    for text in spellings(effect.before["id"]):
        request = effect.fresh()
        answer = attempt(scenario, request.on(text))
        effect.seen(request, f"the spelling {text}", answer)
        if operation.method == "GET" and operation.stream is None:
            same(scenario, request, text)


def same(scenario: Scenario, request: Usual, text: str) -> None:
    """What is read by a spelling is what is read by the usual one before and after it."""
    spelt = request.on(text)
    before, answer, after = (attempt(scenario, one) for one in (request, spelt, request))
    was, seen, now = (still(one.json()) for one in (before, answer, after))
    if was == now != seen:
        expected = f"for the spelling {text} {shorten(repr(was))}"
        raise Mismatch(expected, shorten(repr(seen)), answer)


@MARK("paths/spellings-of-the-watched")
def test_spellings_of_the_watched(scenario: Scenario, operation: Operation, running: Json) -> None:
    """One change, by the usual spelling, for all of them."""
    websocket = operation.stream is not None and operation.stream.transport != "sse"
    limit = scenario.context.settings.timeouts.event
    with ExitStack() as stack:
        watched: dict[str, streams.Stream] = {}
        for text in spellings(running["id"]):
            opening = streams.opening(
                scenario.wire, quote(text, safe=""), limit, websocket=websocket
            )
            watched[text] = stack.enter_context(opening)
            watched[text].next_data()
        change = Effect(scenario, scenario.context.contract.operation(EXTEND), running)
        change.tried("the usual spelling")
        wanted = scenario.world.read(running["id"])["latest_build"]["deadline"]
        for text, stream in watched.items():
            told(stream, wanted, f"for the spelling {text} the deadline {wanted}")


def told(stream: streams.Stream, deadline: str, what: str) -> None:
    """A stream tells of a deadline sooner or later."""
    end = time.monotonic() + 2 * stream.limit
    while stream.next_data()["latest_build"]["deadline"] != deadline:
        if time.monotonic() > end:
            raise Mismatch(what, "others", stream.opened)


@MARK("paths/refuses-near-identifiers")
def test_near_identifiers(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Almost an identifier is none."""
    right: str = some["id"]
    near = [
        right[:-1],
        right + "0",
        right[:-1] + "g",
        right.replace("-", "", 1) + "-",
        right.replace("-", "_"),
        UUID(right).hex[:-1],
        f"urn:uuid:{right}0",
        f"urn:uid:{right}",
        some["name"],
        f"{right},{right}",
        "0",
    ]
    request = usual(scenario, operation, some)
    for text in near:
        answer = attempt(scenario, request.on(text))
        scenario.context.expect(operation.id, answer, 400)


@MARK("envelope/invalid-identifier")
def test_invalid_identifier(scenario: Scenario, operation: Operation, some: Json) -> None:
    """What was sent is quoted, and the detail says what is wrong with it."""
    request = usual(scenario, operation, some)
    for text, detail in (("nonsense", "invalid UUID length: 8"), ("g" * 36, "invalid UUID format")):
        answer = attempt(scenario, request.on(text))
        expected = {"message": f'Invalid UUID "{text}".', "detail": detail}
        if answer.json() != expected:
            raise Mismatch(repr(expected), answer.answer(), answer)


@MARK("envelope/not-found")
def test_not_found_envelope(scenario: Scenario, operation: Operation, some: Json) -> None:
    """One fixed message."""
    answer = attempt(scenario, usual(scenario, operation, some).on(str(uuid4())))
    expected = {"message": "Resource not found or you do not have access to this resource"}
    if answer.json() != expected:
        raise Mismatch(repr(expected), answer.answer(), answer)


@MARK("paths/deleted-still-reachable")
def test_deleted_still_reachable(scenario: Scenario, operation: Operation, deleted: Json) -> None:
    """A deleted workspace has its settings still, and they can be changed."""
    request = usual(scenario, operation, deleted)
    answer = attempt(scenario, request)
    if answer.status != request.status:
        raise Mismatch(f"{request.status} for a deleted workspace", answer.answer(), answer)


@MARK("paths/user-spellings")
def test_user_spellings(scenario: Scenario, operation: Operation, running: Json) -> None:
    """All of these are the caller, who has a workspace of this name."""
    me = scenario.world.me
    request = usual(scenario, operation, running)
    for user in ("me", me["id"], me["id"].upper(), me["username"], me["username"].upper()):
        path = {**request.path, "user": user}
        scenario.call(operation.id, path, 409, body=request.body)


@MARK("paths/user-unknown")
def test_user_unknown(scenario: Scenario, operation: Operation, some: Json) -> None:
    """Nobody by that name, identifier or address."""
    request = usual(scenario, operation, some)
    options: Json = {} if request.body is None else {"body": request.body}
    email = scenario.world.me.get("email") or "someone@example.com"
    for user in ("no-such-user-at-all", str(uuid4()), "-", "ü", email):
        answer = scenario.call(operation.id, {**request.path, "user": user}, 400, **options)
        if "validations" in answer.json():
            raise Mismatch("no validations", answer.answer(), answer)


@MARK("envelope/unknown-user")
def test_unknown_user_envelope(scenario: Scenario, operation: Operation, some: Json) -> None:
    """What was sent is quoted."""
    request = usual(scenario, operation, some)
    for user in ("no-such-user-at-all", str(uuid4())):
        path = {**request.path, "user": user}
        answer = attempt(scenario, replace(request, path=path))
        expected = {
            "message": '"user" must be an existing uuid or username.',
            "detail": f'queried user="{user}"',
        }
        if answer.status != 400 or answer.json() != expected:
            raise Mismatch(f"400 with {expected}", answer.answer(), answer)


@MARK("paths/organization-spellings")
def test_organization_spellings(scenario: Scenario, running: Json) -> None:
    """By identifier and by name, in any case; a taken name shows that it was found."""
    template = scenario.world.template
    spelt = (template["organization_id"], template["organization_id"].upper())
    names = (template["organization_name"], template["organization_name"].upper())
    body = {"name": running["name"], "template_id": template["id"]}
    for organization in (*spelt, *names):
        path = {"organization": organization, "user": "me"}
        scenario.call(BY_ORGANIZATION, path, 409, body=body)


@MARK("paths/organization-default")
def test_organization_default(scenario: Scenario, running: Json) -> None:
    """Two more words for the first organization."""
    body = {"name": running["name"], "template_id": scenario.world.template["id"]}
    for organization in ("default", str(UUID(int=0))):
        path = {"organization": organization, "user": "me"}
        scenario.call(BY_ORGANIZATION, path, 409, body=body)


@MARK("paths/organization-unknown")
def test_organization_unknown(scenario: Scenario, running: Json) -> None:
    """What is not a UUID is a name, and there is none such."""
    body = {"name": running["name"], "template_id": scenario.world.template["id"]}
    for organization in (str(uuid4()), "no-such-organization", "ü", "Default-", "x" * 300):
        path = {"organization": organization, "user": "me"}
        scenario.call(BY_ORGANIZATION, path, 404, body=body)


@MARK("paths/workspace-names-are-free-text")
def test_workspace_names(scenario: Scenario) -> None:
    """Whatever the text, it is just not there."""
    unlike = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0/\\"), min_size=1
    ).filter(lambda text: text not in {".", ".."} and not text.isalnum())

    @given(unlike)
    def check(name: str) -> None:
        scenario.call(BY_NAME, {"user": "me", "workspacename": name}, 404)

    check()
    for name in ("%", "_" * 8, "%25", "x" * 1000, "two words", "…", "😀", "?", "#", "a;b", "+"):
        scenario.call(BY_NAME, {"user": "me", "workspacename": name}, 404)


@MARK("paths/repeated-slashes")
def test_repeated_slashes(scenario: Scenario, some: Json) -> None:
    """As many as one likes."""
    for target in (f"/workspaces//{some['id']}", f"//workspaces/{some['id']}"):
        answer = raw.send(scenario.wire, "GET", target)
        scenario.context.expect("getWorkspaceMetadataById", answer, 200)


@MARK("paths/encoded-slashes")
def test_encoded_slashes(scenario: Scenario, some: Json) -> None:
    """A slash is one however it is written."""
    answer = raw.send(scenario.wire, "GET", f"/workspaces%2F{some['id']}")
    scenario.context.expect("getWorkspaceMetadataById", answer, 200)


@MARK("paths/encoded-paths")
def test_encoded_paths(scenario: Scenario, some: Json) -> None:
    """A letter is a letter, encoded or not."""
    written = "".join(f"%{ord(char):02x}" for char in some["id"])
    for target in (f"/workspaces/{written}", f"/%77orkspaces/{some['id']}"):
        answer = raw.send(scenario.wire, "GET", target)
        scenario.context.expect("getWorkspaceMetadataById", answer, 200)
