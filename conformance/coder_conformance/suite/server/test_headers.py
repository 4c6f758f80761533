"""The headers of answers of all kinds."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.suite.server.questions import FORGED, RIGHT, Question
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt

Json = dict[str, Any]
MARK = pytest.mark.requirement
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What tells caches of others that they may keep an answer.
KEEPING = re.compile(r"\bpublic\b|max-?age=0*[1-9]|s-maxage=0*[1-9]", re.IGNORECASE)


@MARK("headers/content-type")
def test_content_type(scenario: Scenario, questions_: dict[str, Question]) -> None:
    """One label for all JSON; forged requests and handshakes that fail are told in plain text."""
    for what, ask in questions_.items():
        answer = ask({})
        scenario.context.checked += 1
        plain = what == FORGED or answer.status == 426 or not answer.body
        label = answer.headers.get("content-type", "")
        if not plain and label.lower().replace(" ", "") != "application/json;charset=utf-8":
            raise Mismatch("application/json; charset=utf-8", label or "none", answer)


def _has(answers: list[Exchange], header: str, *parts: str) -> None:
    for answer in answers:
        value = answer.headers.get(header, "")
        missing = [part for part in parts if part.lower() not in value.lower()]
        if missing:
            raise Mismatch(f"{header} with {', '.join(missing)}", value or "none", answer)


@MARK("headers/no-sniffing")
def test_no_sniffing(answers: list[Exchange]) -> None:
    """No guesses about the type."""
    _has(answers, "x-content-type-options", "nosniff")


@MARK("headers/vary")
def test_vary(answers: list[Exchange]) -> None:
    """Caches have to keep callers apart."""
    _has(answers, "vary", "Origin", "Cookie")


@MARK("headers/request-ids-differ")
def test_request_ids(answers: list[Exchange]) -> None:
    """Each request can be found in the server's log."""
    seen = [answer.headers.get("x-coder-request-id", "") for answer in answers]
    for shown, answer in zip(seen, answers, strict=True):
        if not UUID.fullmatch(shown):
            raise Mismatch("a request id", shown or "none", answer)
    if len(set(seen)) != len(seen):
        raise Mismatch("request ids that differ", repr(seen), answers[0])


@MARK("headers/build-version")
def test_build_version(scenario: Scenario, answers: list[Exchange]) -> None:
    """The version that the server states."""
    version = scenario.context.run.server_version
    for answer in answers:
        if answer.headers.get("x-coder-build-version") != version:
            shown = answer.headers.get("x-coder-build-version", "none")
            raise Mismatch(f"the version {version}", shown, answer)


@MARK("headers/rate-limit")
def test_rate_limit(scenario: Scenario, request_: Usual) -> None:
    """What is left never exceeds what there is, becomes less, and comes back soon.

    Servers count by path; so one is asked for that nobody else asks for, where there are such.
    """
    fresh = str(uuid4())
    names: tuple[str, ...] = ("workspace", "user")
    values_of = {name: fresh for name in names if name in request_.path}
    request = replace(request_, path={**request_.path, **values_of})
    answers = [attempt(scenario, request) for _ in range(4)]
    kinds = ("limit", "remaining", "reset")
    shown = [[a.headers.get(f"x-ratelimit-{kind}") for kind in kinds] for a in answers]
    if all(value is None for values in shown for value in values):
        raise DoesNotApplyError("the server sends no rate-limit headers")
    for values, answer in zip(shown, answers, strict=True):
        if any(value is None or not value.isdigit() for value in values):
            raise Mismatch("three whole numbers", repr(values), answer)
        limit, remaining, reset = (int(value or 0) for value in values)
        if remaining > limit or not -5 <= reset - scenario.world.now().timestamp() <= 125:
            raise Mismatch("remaining within limit and a reset soon", repr(values), answer)
    left = [int(values[1] or 0) for values in shown]
    if values_of and all(after >= before for before, after in pairwise(left)):
        raise Mismatch("fewer requests that remain", repr(left), answers[-1])


@MARK("headers/no-caching")
def test_no_caching(answers: list[Exchange]) -> None:
    """Nothing that a cache could go by."""
    for answer in answers:
        for header in ("etag", "location", "expires", "last-modified"):
            if header in answer.headers:
                raise Mismatch(f"no header {header}", answer.headers[header], answer)
        if KEEPING.search(answer.headers.get("cache-control", "")):
            told = answer.headers["cache-control"]
            raise Mismatch("no leave to keep the answer", f"cache-control: {told}", answer)


@MARK("headers/accept-is-ignored")
def test_accept(scenario: Scenario, questions_: dict[str, Question], request_: Usual) -> None:
    """The same status and the same kind of answer, whatever is asked for; the same errors."""
    page = "text/html,application/xhtml+xml;q=0.9"
    kinds = ("application/xml", "text/event-stream", "application/json", "*/*;q=0", "nonsense")
    for what, ask in questions_.items():
        plain = ask({})
        for wanted in (page, *kinds) if what == RIGHT else (page, "application/xml"):
            answer = ask({"accept": wanted})
            scenario.context.checked += 1
            if told(answer) != told(plain):
                expected = f"as without Accept: {plain.answer()}"
                raise Mismatch(expected, f"for Accept: {wanted} {answer.answer()}", answer)
            if what == RIGHT and request_.status != 426:
                scenario.context.expect(request_.operation.id, answer, request_.status)


def told(answer: Exchange) -> tuple[int, str, bytes]:
    """What must not differ; a success may show something new."""
    label = answer.headers.get("content-type", "")
    return answer.status, label, answer.body if answer.status >= 400 else b""
