"""What the client sends, judged by the contract."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given

from coder_conformance.client import Arguments
from coder_conformance.context import Context
from coder_conformance.exchange import Exchange
from coder_conformance.patience import Patient
from coder_conformance.payloads import Payloads
from coder_conformance.requests import RequestJudge
from coder_conformance.results import Mismatch
from coder_conformance.stub import Stub
from coder_conformance.suite.client.calls import (
    TOKEN,
    arguments,
    call,
    difference,
    odd_texts,
    only_request,
    play_json,
    some_arguments,
)
from coder_conformance.suite.client.corners import corners
from coder_spec import Operation

_REFUSED = {"message": "You are signed out or your session has expired."}


@pytest.mark.requirement("client/valid-requests")
def test_valid_requests(
    context: Context, client: Patient, stub: Stub, payloads: Payloads, operation: Operation
) -> None:
    """For all arguments, the request is one that the contract allows, and it carries them."""
    judge = RequestJudge(context.contract)
    play_json(stub, 401, _REFUSED, **{"WWW-Authenticate": "Bearer realm=coder"})

    @given(arguments(operation, payloads))
    def check(arguments: Arguments) -> None:
        context.checked += 1
        stub.received.clear()
        call(client, stub, operation, arguments)
        _carries(judge, operation, arguments, only_request(stub))

    for one in (*odd_texts(operation), *corners(context.contract, operation)):
        check.hypothesis.inner_test(one)  # type: ignore[attr-defined]
    check()


def _carries(
    judge: RequestJudge, operation: Operation, arguments: Arguments, sent: Exchange
) -> None:
    """The request is valid and has these arguments, unchanged."""
    for violation in judge.violations(
        operation, sent.method, sent.url, sent.request_headers, sent.request_body
    ):
        raise Mismatch(f"a valid request for {arguments}", violation, sent)
    parts = urlsplit(sent.url)
    query = parse_qs(parts.query, keep_blank_values=True)
    expected = {
        "path": arguments.path,
        "query": {name: _text(value) for name, value in arguments.query.items()},
        "body": arguments.body,
    }
    actual = {
        "path": judge.path_values(operation, parts.path),
        "query": {name: values[0] for name, values in query.items()},
        "body": json.loads(sent.request_body) if sent.request_body else None,
    }
    found = difference(expected, actual)
    if found:
        raise Mismatch(f"a request that carries {arguments}", found, sent)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.requirement("client/hides-the-token")
def test_hides_the_token(client: Patient, stub: Stub, operation: Operation) -> None:
    """The token goes into its header and nowhere that a person might see it."""
    play_json(stub, 404, {"message": "Resource not found", "detail": "nothing"})
    got = call(client, stub, operation, some_arguments(operation))
    sent = only_request(stub)
    if sent.request_headers.get("coder-session-token") != TOKEN:
        raise Mismatch("the token in the header Coder-Session-Token", "another value", sent)
    others = {k: v for k, v in sent.request_headers.items() if k != "coder-session-token"}
    secret = TOKEN.split("-", 1)[1]
    for where, text in {
        "the address or another header": f"{sent.url} {others}",
        "an error": repr(got),
        "the repr of the client": client.shown(stub.url, TOKEN),
    }.items():
        if secret in text:
            raise Mismatch("no token", f"the token in {where}", sent)
