"""Request bodies: what every operation that needs one reads, ignores and refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from coder_conformance.exchange import Exchange
from coder_conformance.results import DoesNotApplyError, Mismatch
from coder_conformance.suite.server import raw
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt, usual
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
UNDECODABLE = "Request body must be valid JSON."


@pytest.fixture
def good(scenario: Scenario, operation: Operation, running: Json) -> Usual:
    """A request with a body that works."""
    request = usual(scenario, operation, running)
    if request.status == 403:
        raise DoesNotApplyError("without workspace sharing no body is looked at")
    return request


def works(request: Usual, what: str, answer: Exchange) -> None:
    """The answer is the one to the body that works."""
    if answer.status != request.status:
        raise Mismatch(f"{request.status} for {what}", answer.answer(), answer)


def encoded(request: Usual, **more: Any) -> bytes:
    """The body that works, with more fields."""
    return json.dumps({**(request.body or {}), **more}).encode()


@MARK("bodies/unknown-fields")
def test_unknown_fields(scenario: Scenario, good: Usual) -> None:
    """A newer client may send more than this server knows."""
    values: list[Any] = [None, 1, "x", [1], {"a": {"b": []}}]
    for value in values:
        content = encoded(good, x_unknown=value)
        works(good, "an unknown field", attempt(scenario, good, content=content))


@MARK("bodies/field-names-in-any-case")
def test_field_names_in_any_case(scenario: Scenario, good: Usual) -> None:
    """Upper case and title case are the same field."""
    for change in (str.upper, str.title):
        content = json.dumps({change(k): v for k, v in (good.body or {}).items()}).encode()
        works(good, f"the names {change.__name__}", attempt(scenario, good, content=content))


@MARK("bodies/last-duplicate-wins")
def test_last_duplicate_wins(scenario: Scenario, good: Usual) -> None:
    """A bad value that a good one follows does no harm; one that follows a good one does."""
    bad: dict[str, Any] = {
        "name": "-",
        "schedule": "-",
        "ttl_ms": 1,
        "deadline": "2001-02-03T04:05:06Z",
        "dormant": True,
        "automatic_updates": "-",
    }  # maps may be put together rather than replaced, so there are none
    for name, wrong in bad.items():
        if name in (good.body or {}):
            value = json.dumps((good.body or {})[name])
            rest = "".join(
                f', "{k}": {json.dumps(v)}' for k, v in (good.body or {}).items() if k != name
            )
            pair = [f'"{name}": {json.dumps(wrong)}', f'"{name}": {value}']
            content = f"{{{', '.join(pair)}{rest}}}".encode()
            works(
                good, f"{name} twice, the last one good", attempt(scenario, good, content=content)
            )
            if name == "dormant":
                continue  # this one would be carried out
            content = f"{{{', '.join(reversed(pair))}{rest}}}".encode()
            answer = attempt(scenario, good, content=content)
            if answer.status != 400:
                raise Mismatch(f"400 for {name} twice, the last one bad", answer.answer(), answer)


@MARK("bodies/trailing-data")
def test_trailing_data(scenario: Scenario, good: Usual) -> None:
    """Only the first value is read."""
    for tail in (b"\n{}", b" nonsense", b"]", b"\n\n"):
        answer = attempt(scenario, good, content=encoded(good) + tail)
        works(good, f"{tail!r} after the value", answer)


@MARK("bodies/surrounding-blanks")
def test_surrounding_blanks(scenario: Scenario, good: Usual) -> None:
    """Blanks, tabs and line breaks."""
    content = b" \t\r\n" + encoded(good).replace(b": ", b" :\n\t") + b" \n"
    works(good, "blanks around", attempt(scenario, good, content=content))


@MARK("bodies/null-is-absent")
def test_null_is_absent(scenario: Scenario, good: Usual) -> None:
    """An empty object, null, and every field null: the same answer."""
    fields = good.operation.raw["requestBody"]["content"]["application/json"]["schema"]
    names = scenario.context.contract.resolve(fields)["properties"]
    empty = attempt(scenario, good, content=b"{}")
    nulls = json.dumps(dict.fromkeys(names)).encode()
    for content in (b"null", b" null\n", nulls):
        answer = attempt(scenario, good, content=content)
        same = answer.status == empty.status and answer.body == empty.body
        if not same:
            raise Mismatch(f"as for {{}}: {empty.answer()}", answer.answer(), answer)


@MARK("bodies/content-type-is-not-checked")
def test_content_type(scenario: Scenario, good: Usual) -> None:
    """Whatever the label, it is JSON."""
    for label in ("text/plain", "application/xml", "application/json; charset=latin-1", "nonsense"):
        answer = attempt(scenario, good, content=encoded(good), headers={"content-type": label})
        works(good, f"the content type {label}", answer)
    answer = raw.send(scenario.wire, good.operation.method, target(good), content=encoded(good))
    works(good, "no content type", answer)


def target(request: Usual) -> str:
    """Path of a request below the API's prefix."""
    path = request.operation.path
    for name, value in request.path.items():
        path = path.replace("{" + name + "}", value)
    return path


@MARK("bodies/end-of-input")
def test_end_of_input(scenario: Scenario, good: Usual) -> None:
    """The detail tells an empty body from a cut one."""
    for content, detail in ((b"", "EOF"), (b"{", "unexpected EOF"), (b'{"a": ', "unexpected EOF")):
        answer = attempt(scenario, good, content=content)
        scenario.context.expect(good.operation.id, answer, 400)
        if answer.json().get("detail") != detail:
            raise Mismatch(f"the detail {detail}", answer.answer(), answer)


@MARK("bodies/strict-json")
def test_strict_json(scenario: Scenario, good: Usual) -> None:
    """A body that works, spoilt as only lenient readers overlook, and values that are none."""
    text = encoded(good, x_unknown=1)
    spoilt = [
        text.decode().encode("utf-16"),
        text.replace(b'"', b"'"),
        text.replace(b'"x_unknown"', b"x_unknown"),
        text[:-1] + b",}",
        b"// what\n" + text,
        b"{/* what */" + text[1:],
    ]
    values = (b"NaN", b"Infinity", b"-Infinity", b"True", b"None", b"undefined", b"01", b"+1",
              b".5", b"1.", b"0x1", b"1_000", b"'x'", b'"\\x41"', b'"a\tb"', b'"a\nb"', b"[1,]",
              b"[,1]", b"[1 2]", b"")  # fmt: skip
    spoilt += [text.replace(b'"x_unknown": 1', b'"x_unknown": ' + value) for value in values]
    for content in spoilt:
        answer = attempt(scenario, good, content=content)
        if answer.status != 400:
            raise Mismatch(f"400 for {content!r}", answer.answer(), answer)


@MARK("bodies/byte-order-mark")
def test_byte_order_mark(scenario: Scenario, good: Usual) -> None:
    """It is no blank."""
    answer = attempt(scenario, good, content=b"\xef\xbb\xbf" + encoded(good))
    if answer.status != 400:
        raise Mismatch("400 for a byte order mark", answer.answer(), answer)


# A value of each kind that JSON has.
KINDS: dict[str, Any] = {
    "string": "x",
    "number": 1,
    "boolean": True,
    "array": [1],
    "object": {"": 1},
}


def kinds_of(scenario: Scenario, schema: Json) -> set[str]:
    """The kinds of JSON that a schema lets pass; none when it does not say."""
    plain = scenario.context.contract.resolve(schema)
    if "oneOf" in plain:
        return set[str]().union(*(kinds_of(scenario, one) for one in plain["oneOf"]))
    said = plain.get("type", [])
    return {"number" if k == "integer" else k for k in ([said] if isinstance(said, str) else said)}


def of_other_kinds(scenario: Scenario, schema: Json) -> list[Any]:
    """Values of other kinds than a field has, in it and in what it holds."""
    plain = scenario.context.contract.resolve(schema)
    allowed = kinds_of(scenario, plain)
    wrong = [value for kind, value in KINDS.items() if allowed and kind not in allowed]
    if "number" in allowed:
        wrong += [1.5, 2**63, -(2**63) - 1]
    if "array" in allowed:
        wrong += [[value] for value in of_other_kinds(scenario, plain["items"])]
    for name, inner in plain.get("properties", {}).items():
        wrong += [{name: value} for value in of_other_kinds(scenario, inner)]
    further: Json | bool = plain.get("additionalProperties", False)
    if isinstance(further, dict):
        key = scenario.world.me["id"]
        wrong += [{key: value} for value in of_other_kinds(scenario, further)]
    return wrong


def fields(scenario: Scenario, request: Usual) -> dict[str, Json]:
    """The schemas of the fields that a body can have."""
    resolve = scenario.context.contract.resolve
    content = request.operation.raw["requestBody"]["content"]["application/json"]
    properties: Json = resolve(content["schema"])["properties"]
    return {name: resolve(schema) for name, schema in properties.items()}


def mistyped(scenario: Scenario, good: Usual) -> Iterator[tuple[str, Any, Exchange]]:
    """Fields, values of other kinds than theirs, and the answers to them."""
    for name, schema in fields(scenario, good).items():
        for value in of_other_kinds(scenario, schema):
            yield name, value, attempt(scenario, good, content=encoded(good, **{name: value}))


@MARK("bodies/kinds-of-values")
def test_kinds(scenario: Scenario, good: Usual) -> None:
    """Each field gets a text, a number, a flag, a list and an object, but for its own kind."""
    for name, value, answer in mistyped(scenario, good):
        if answer.status != 400 or answer.json()["message"] != UNDECODABLE:
            expected = f"400 with {UNDECODABLE!r} for {name} = {json.dumps(value)}"
            raise Mismatch(expected, answer.answer(), answer)


@MARK("bodies/kinds-are-named")
def test_kinds_are_named(scenario: Scenario, good: Usual) -> None:
    """Identifiers and times are left out: code of their own reads them, which says less.

    For a value within another one that may be a field of the inner one.
    """
    own = {
        name
        for name, schema in fields(scenario, good).items()
        if schema.get("format") in {"uuid", "date-time"}
    }
    for name, value, answer in mistyped(scenario, good):
        detail = answer.json().get("detail", "")
        allowed = kinds_of(scenario, fields(scenario, good)[name])
        within = isinstance(value, list) and "array" in allowed
        within = within or (isinstance(value, dict) and "object" in allowed)
        field = r"\.\w" if within else rf"\.{name}\b"
        if name not in own and not re.search(f"cannot unmarshal .*{field}", detail):
            expected = f"a detail with 'cannot unmarshal' and the field {name}"
            raise Mismatch(expected, answer.answer(), answer)


@MARK("bodies/deep-nesting")
def test_deep_nesting(scenario: Scenario, good: Usual) -> None:
    """Thousands of brackets, as a field and as the whole body."""
    for depth in (500, 5_000, 200_000):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            deep = opening * depth + "1" + closing * depth
            for content in (deep, f'{{"x_unknown": {deep}}}', opening * depth):
                answer = attempt(scenario, good, content=content.encode())
                if answer.status >= 500:
                    raise Mismatch("a status below 500", answer.answer(), answer)
    works(good, "an ordinary body after that", attempt(scenario, good))


@MARK("bodies/large")
def test_large(scenario: Scenario, good: Usual) -> None:
    """A long text in a field that nobody reads."""
    answer = attempt(scenario, good, content=encoded(good, x_unknown="x" * 2**20))
    works(good, "a large unknown field", answer)


@MARK("bodies/odd-text")
def test_odd_text(scenario: Scenario, good: Usual) -> None:
    """Every field in turn gets texts that programs stumble over."""
    odd = ["\u0007", "\ud800", "\U0001f600", "\u202eabc", "e\u0301", "İ", "ß", "x" * 100_000]
    odd += ["%00", "${x}", "';--", "\\", '"', "<b>", "../..", "\u2028"]
    for name in good.body or {}:
        for text in odd:
            content = json.dumps({**(good.body or {}), name: text}).encode()
            answer = attempt(scenario, good, content=content)
            if answer.status >= 500:
                raise Mismatch(
                    f"a status below 500 for {name} = {text[:20]!r}", answer.answer(), answer
                )
    for content in (b'\xef\xbb\xbf{"a": 1}', b'{"x": "\xff\xfe"}', b'{"\\ud800": 1}', b"\x00"):
        answer = attempt(scenario, good, content=content)
        if answer.status >= 500:
            raise Mismatch(f"a status below 500 for {content!r}", answer.answer(), answer)


@MARK("bodies/chunked")
def test_chunked(scenario: Scenario, good: Usual) -> None:
    """A body whose length is not told."""
    content = encoded(good)
    pieces = [content[n : n + 7] for n in range(0, len(content), 7)]
    answer = raw.send(scenario.wire, good.operation.method, target(good), chunks=pieces)
    works(good, "a body in chunks", answer)


@MARK("bodies/not-looked-at")
def test_not_looked_at(scenario: Scenario, operation: Operation, stopped: Json) -> None:
    """No body is needed and none is read."""
    for content in (b"", b"{", b'{"favorite": false}', b"\xff"):
        scenario.on(stopped, operation.id, 204, content=content)
        scenario.shows(stopped, favorite=operation.id == "favoriteWorkspaceById")


@MARK("envelope/parse-errors")
def test_parse_errors(scenario: Scenario, good: Usual) -> None:
    """The message is fixed, the detail says what is wrong, and no field is named."""
    for content in (b"{", b"nonsense", b"[]", b'"x"'):
        answer = attempt(scenario, good, content=content)
        scenario.context.expect(good.operation.id, answer, 400)
        body = answer.json()
        if body["message"] != UNDECODABLE or not body.get("detail") or "validations" in body:
            raise Mismatch(f"{UNDECODABLE!r} with a detail alone", answer.answer(), answer)
