"""Sessions that signing in with a password opens: their cookie, and who asks when there are two."""

from __future__ import annotations

import re
from typing import Any

import pytest

from coder_conformance.context import Context
from coder_conformance.exchange import Exchange
from coder_conformance.results import Mismatch
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt, usual
from coder_conformance.wire import Source, Token
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
LIST = "listWorkspaces"
# A comma is the end of a cookie only where a name follows it: dates have one, too.
COOKIE = re.compile(r"\bcoder_session_token=([^;,\s]+)((?:[^,]|,(?!\s*[^;,=\s]+=))*)")
SOURCES: tuple[Source, ...] = ("header", "bearer", "session-query", "access-query")


def sign_in(context: Context) -> Exchange:
    """Open a session as the second user."""
    assert context.login is not None
    assert context.wire is not None
    login = {"email": context.login.email, "password": context.login.password}
    operation = context.contract.operation("loginWithPassword")
    answer = context.wire.call(operation, body=login, token=None)
    if answer.status == 403:
        # A right server may have passwords switched off: it breaks nothing, and shows nothing.
        pytest.skip("the server lets nobody sign in with a password")
    return context.expect("loginWithPassword", answer, 201)


@pytest.fixture(scope="module")
def opened(context: Context) -> Exchange:
    """The answer to signing in; servers limit how often one may."""
    return sign_in(context)


@pytest.fixture
def session(opened: Exchange) -> str:
    """Token of a session of the second user."""
    return str(opened.json()["session_token"])


def works(request: Usual, what: str, answer: Exchange) -> None:
    """The answer is that of a caller who was let in."""
    if answer.status != request.status:
        raise Mismatch(f"{request.status}, since {what}", answer.answer(), answer)


@MARK("session/cookie-is-set")
def test_cookie_is_set(scenario: Scenario, opened: Exchange, session: str) -> None:
    """The value is the token; scripts do not see it, and other sites do not send it along."""
    scenario.context.checked += 1
    found = COOKIE.search(opened.headers.get("set-cookie", ""))
    if found is None:
        raise Mismatch("the cookie coder_session_token", "none", opened)
    if found[1] != session:
        raise Mismatch("the token of the session in the cookie", "another value", opened)
    attributes = {part.strip().lower() for part in found[2].split(";")}
    missing = {"path=/", "httponly", "samesite=lax"} - attributes
    if missing:
        raise Mismatch(f"a cookie with {', '.join(sorted(missing))}", found[2], opened)


@MARK("session/cookie-is-enough")
def test_cookie_is_enough(scenario: Scenario, their_request: Usual, session: str) -> None:
    """No header, no query."""
    headers = {"cookie": f"other=1; coder_session_token={session}"}
    answer = attempt(scenario, their_request, token=None, headers=headers)
    works(their_request, "the cookie is valid", answer)
    scenario.context.expect(their_request.operation.id, answer, their_request.status)


@MARK("session/token-sources")
def test_token_sources(scenario: Scenario, their_request: Usual, session: str) -> None:
    """Signing in is another way to a token, not to another kind of it."""
    for source in ("cookie", *SOURCES):
        answer = attempt(scenario, their_request, token=Token(session, source))
        works(their_request, f"the {source} is valid", answer)


@MARK("session/cookie-decides")
def test_cookie_decides(scenario: Scenario, operation: Operation, some: Json, session: str) -> None:
    """The first user's workspace is there with the cookie of the first user alone."""
    request = usual(scenario, operation, some)
    first = scenario.wire.token
    for source in SOURCES:
        for cookie, other, status in ((session, first, 404), (first, session, request.status)):
            answer = attempt(
                scenario,
                request,
                token=Token(other, source),
                headers={"cookie": f"coder_session_token={cookie}"},
            )
            if answer.status != status:
                whose = "second" if status == 404 else "first"
                expected = f"{status}, since the cookie is the {whose} user's"
                raise Mismatch(expected, answer.answer(), answer)


@MARK("session/several")
def test_several(scenario: Scenario, operation: Operation, session: str) -> None:
    """Both are valid, and they are not the same."""
    second = sign_in(scenario.context)
    if second.json()["session_token"] == session:
        raise Mismatch("another token", "the same one again", second)
    for token in (session, str(second.json()["session_token"])):
        answer = scenario.wire.call(operation, token=Token(token, "cookie"))
        scenario.context.expect(operation.id, answer, 200)
