"""Where tokens may stand, which one counts, and what a refusal says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from coder_conformance import streams
from coder_conformance.results import Mismatch
from coder_conformance.suite.server import raw
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.tokens import (
    WRONG,
    accepted,
    both,
    challenged,
    described,
    other_secret,
    refused,
    says,
    where,
)
from coder_conformance.suite.server.usual import Usual, attempt, usual
from coder_conformance.wire import Source, Token
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement


def causes(scenario: Scenario) -> dict[str, Token | None]:
    """Why a token is refused, in each of the ways that need no token of its own."""
    return {
        "no token": None,
        "a malformed token": Token("nonsense"),
        "an unknown token": Token(WRONG),
        "a wrong secret": Token(other_secret(scenario.wire.token)),
    }


@MARK("authentication/challenge")
def test_challenge(scenario: Scenario, request_: Usual) -> None:
    """The challenge tells a client which kind of token is wanted and where to read about it."""
    for what, token in causes(scenario).items():
        answer = attempt(scenario, request_, token=token)
        refused(scenario, request_, what, answer)
        challenged(answer)


@MARK("authentication/challenge-description")
def test_challenge_description(scenario: Scenario, some: Json) -> None:
    """The same for all of them, also for those that never were valid."""
    for request in _answering(scenario, some):
        for what, token in causes(scenario).items():
            answer = attempt(scenario, request, token=token)
            refused(scenario, request, what, answer)
            described(answer)


@pytest.mark.parametrize(
    ("value", "detail"),
    [
        pytest.param(
            "",
            'Cookie "coder_session_token" or query parameter must be provided.',
            marks=MARK("authentication/detail-no-token"),
        ),
        pytest.param(WRONG, "API key is invalid.", marks=MARK("authentication/detail-unknown-key")),
        pytest.param(
            None, "API key secret is invalid.", marks=MARK("authentication/detail-wrong-secret")
        ),
    ],
)
def test_details(scenario: Scenario, some: Json, value: str | None, detail: str) -> None:
    """The message is the same for all, the detail tells what is wrong."""
    sent = other_secret(scenario.wire.token) if value is None else value
    for request in _answering(scenario, some):
        answer = attempt(scenario, request, token=Token(sent) if sent else None)
        says(scenario, request, answer, detail)


@MARK("authentication/detail-malformed")
def test_detail_malformed(scenario: Scenario, some: Json) -> None:
    """Which part of the token has the wrong form."""
    wrong = {
        "x": "expected 2 got 1",
        "a-b-c": "expected 2 got 3",
        "short-0123456789abcdefABCDEF": "expected 10 got 5",
        "abcdefghij-short": "expected 22 got 5",
    }
    for request in _answering(scenario, some):
        for value, what in wrong.items():
            answer = attempt(scenario, request, token=Token(value))
            says(scenario, request, answer, "Invalid API key format: ", what)


def _answering(scenario: Scenario, some: Json) -> list[Usual]:
    contract = scenario.context.contract
    names = ["getWorkspaceMetadataById", "listWorkspaces"]
    if not scenario.wire.readonly:
        names.append("updateWorkspaceTtlById")
    return [usual(scenario, contract.operation(name), some) for name in names]


def in_order(scenario: Scenario, request: Usual, wrong: Source, *right: Source) -> None:
    """A wrong token is refused although valid ones follow in later sources."""
    for value in (WRONG, "nonsense"):
        for source in right:
            options = both((wrong, value), (source, scenario.wire.token))
            answer = attempt(scenario, request, **options)
            if answer.status == 400 and answer.media_type == "text/plain" and wrong == "cookie":
                continue  # refused even earlier, since nothing confirms the cookie
            refused(scenario, request, f"a wrong {wrong} before a valid {source}", answer)


@MARK("authentication/cookie-comes-first")
def test_cookie_comes_first(scenario: Scenario, request_: Usual) -> None:
    """The cookie comes before everything else."""
    in_order(scenario, request_, "cookie", "session-query", "header", "bearer", "access-query")


@MARK("authentication/query-before-headers")
def test_query_before_headers(scenario: Scenario, request_: Usual) -> None:
    """The query comes before the headers."""
    in_order(scenario, request_, "session-query", "header", "bearer", "access-query")


@MARK("authentication/header-before-bearer")
def test_header_before_bearer(scenario: Scenario, request_: Usual) -> None:
    """The header of Coder's own comes before the general one."""
    in_order(scenario, request_, "header", "bearer", "access-query")


@MARK("authentication/bearer-before-access-token")
def test_bearer_before_access_token(scenario: Scenario, request_: Usual) -> None:
    """The bearer token comes before the query's access_token."""
    in_order(scenario, request_, "bearer", "access-query")


@MARK("authentication/right-source-wins")
def test_right_source_wins(scenario: Scenario, request_: Usual) -> None:
    """A wrong token in a later source does no harm.

    What changes something needs a proof beside a cookie, which then comes from the query.
    """
    good = scenario.wire.token
    order: list[Source] = ["cookie", "session-query", "header", "bearer", "access-query"]
    for index, source in enumerate(order[:-1]):
        for later in order[index + 1 :]:
            sent: list[tuple[Source, str]] = [(source, good)]
            if source == "cookie" and request_.operation.method != "GET":
                if later == "session-query":
                    continue
                sent.append(("session-query", good))
            answer = attempt(scenario, request_, **both(*sent, (later, WRONG)))
            accepted(request_, f"the {source} comes before the {later}", answer)


@MARK("authentication/empty-source-is-passed-over")
def test_empty_source(scenario: Scenario, request_: Usual) -> None:
    """An empty text is no token."""
    good = scenario.wire.token
    for empty in ("cookie", "session-query", "header"):
        for later in ("bearer", "access-query"):
            if (empty, later) == ("cookie", "access-query") and request_.operation.method != "GET":
                continue  # any cookie, even an empty one, may need a proof beside it
            answer = attempt(scenario, request_, **both((empty, ""), (later, good)))
            accepted(request_, f"the {empty} is empty", answer)


@MARK("authentication/other-authorization-is-passed-over")
def test_other_authorization(scenario: Scenario, request_: Usual) -> None:
    """What stands in the header Authorization is a token only after the word bearer."""
    good = scenario.wire.token
    for value in ("Basic dXNlcjpzZWNyZXQ=", "Bearer", f"Token {WRONG}"):
        headers = {"authorization": value}
        query = {"access_token": good}
        answer = attempt(scenario, request_, token=None, headers=headers, query=query)
        accepted(request_, f"{value!r} holds no bearer token", answer)


@MARK("authentication/bearer-in-any-case")
def test_bearer_in_any_case(scenario: Scenario, request_: Usual) -> None:
    """The scheme is not a matter of case."""
    for scheme in ("bearer", "BEARER", "bEaReR"):
        headers = {"authorization": f"{scheme} {scenario.wire.token}"}
        answer = attempt(scenario, request_, token=None, headers=headers)
        accepted(request_, f"{scheme} is bearer", answer)


@MARK("authentication/stream-sources")
def test_stream_sources(scenario: Scenario, operation: Operation, some: Json) -> None:
    """A stream opens with a token from anywhere, and shows the workspace."""
    good = scenario.wire.token
    limit = scenario.context.settings.timeouts.event
    websocket = operation.stream is not None and operation.stream.transport == "websocket"
    sources: tuple[Source, ...] = ("header", "bearer", "cookie", "session-query", "access-query")
    for source in sources:
        options = {"token": None, **where(source, good)}
        stream = streams.opening(scenario.wire, some["id"], limit, websocket=websocket, **options)
        with stream as opened:
            if not websocket:
                scenario.context.expect(operation.id, opened.opened, 200)
            seen = opened.next_data()
        if seen["id"] != some["id"]:
            raise Mismatch(some["id"], seen["id"], scenario.wire.last)


@MARK("authentication/comes-before-the-path")
def test_before_the_path(scenario: Scenario, request_: Usual) -> None:
    """Who is not let in learns nothing about identifiers and names."""
    for name in request_.path:
        for value in (str(uuid4()), "nonsense", "no name"):
            request = replace(request_, path={**request_.path, name: value})
            for token in (None, Token(WRONG)):
                answer = attempt(scenario, request, token=token)
                refused(scenario, request, f"a wrong token and the {name} {value!r}", answer)


@MARK("authentication/comes-before-the-body")
def test_before_the_body(scenario: Scenario, request_: Usual) -> None:
    """Who is not let in learns nothing about bodies."""
    for token in (None, Token(WRONG)):
        for content in (b"{", b"", b"null", b"[]", b"\xff", b'{"x": 1'):
            answer = attempt(scenario, request_, content=content, token=token)
            refused(scenario, request_, "a wrong token with a malformed body", answer)


@MARK("authentication/comes-before-the-method")
def test_before_the_method(scenario: Scenario, request_: Usual) -> None:
    """Who is not let in learns nothing about methods."""
    answer = attempt(scenario, request_, method="OPTIONS", token=None)
    if answer.status != 401:
        raise Mismatch("401", answer.answer(), answer)


@MARK("authentication/no-token-in-answers")
def test_no_token_in_answers(scenario: Scenario, request_: Usual) -> None:
    """Neither body nor headers repeat the token, nor its secret, be it right or wrong.

    That goes for errors as well: for what does not exist, and for methods that there are not.
    """
    sources: tuple[Source, ...] = ("header", "bearer", "session-query", "access-query")
    nowhere = replace(request_, path=dict.fromkeys(request_.path, str(uuid4())))
    asked = [(request_, "GET"), (nowhere, "GET")]
    if not scenario.wire.readonly:
        asked.append((request_, "OPTIONS"))
    for source in sources:
        for token in (scenario.wire.token, WRONG):
            for request, method in asked:
                answer = attempt(scenario, request, token=Token(token, source), method=method)
                shown = answer.body.decode("utf-8", "replace")
                shown += repr(sorted(answer.headers.items()))
                if token.partition("-")[2] in shown:
                    raise Mismatch("an answer without the token", "one that shows it", answer)


@MARK("headers/sent-headers-do-not-matter")
def test_sent_headers_do_not_matter(scenario: Scenario, request_: Usual) -> None:
    """Headers that mean nothing here change nothing."""
    odd = [("X-Nonsense", "1"), ("X-Nonsense", "2"), ("X-Long", "x" * 4000), ("Range", "bytes=0-1")]
    answer = raw.send(scenario.wire, "GET", request_.target, headers=odd)
    accepted(request_, "these headers mean nothing", answer)
    scenario.context.expect(request_.operation.id, answer, request_.status)
