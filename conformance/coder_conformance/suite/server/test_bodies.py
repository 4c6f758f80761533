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
from coder_conformance.suite.server.effects import DORMANT, USAGE, Effect
from coder_conformance.suite.server.scenario import Scenario
from coder_conformance.suite.server.usual import Usual, attempt
from coder_spec import Operation

Json = dict[str, Any]
MARK = pytest.mark.requirement
UNDECODABLE = "Request body must be valid JSON."


@pytest.fixture
def effect(scenario: Scenario, operation: Operation, effect: Effect) -> Effect:
    """Requests with bodies that work, where bodies are looked at at all."""
    if effect.usual.status == 403:
        raise DoesNotApplyError("without workspace sharing no body is looked at")
    if operation.id == USAGE and "workspace-usage" not in scenario.context.features:
        raise DoesNotApplyError("without reports of usage no body is looked at")
    return effect


@pytest.fixture
def good(effect: Effect) -> Usual:
    """A request with a body that works."""
    return effect.fresh()


def encoded(request: Usual, **more: Any) -> bytes:
    """The body that works, with more fields."""
    return json.dumps({**(request.body or {}), **more}).encode()


@MARK("bodies/unknown-fields")
def test_unknown_fields(scenario: Scenario, effect: Effect) -> None:
    """A newer client may send more than this server knows."""
    values: list[Any] = [None, 1, "x", [1], {"a": {"b": []}}]
    for value in values:
        good = effect.fresh()
        content = encoded(good, x_unknown=value)
        effect.seen(good, "an unknown field", attempt(scenario, good, content=content))


@MARK("bodies/field-names-in-any-case")
def test_field_names_in_any_case(scenario: Scenario, effect: Effect) -> None:
    """Upper case and title case are the same field."""
    for change in (str.upper, str.title):
        good = effect.fresh()
        content = json.dumps({change(k): v for k, v in (good.body or {}).items()}).encode()
        answer = attempt(scenario, good, content=content)
        effect.seen(good, f"the names {change.__name__}", answer)


# A bad value of each field that only holds one value; maps may be put together, not replaced.
BAD: Json = {
    "name": "-",
    "schedule": "-",
    "ttl_ms": 1,
    "deadline": "2001-02-03T04:05:06Z",
    "automatic_updates": "-",
}


def written(*pairs: tuple[str, Any]) -> bytes:
    """An object of these fields, also of those that stand twice."""
    fields = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in pairs)
    return f"{{{', '.join(fields)}}}".encode()


@MARK("bodies/last-duplicate-wins")
def test_last_duplicate_wins(scenario: Scenario, effect: Effect) -> None:
    """A bad value that a good one follows does no harm; one that follows a good one does."""
    judged = [name for name in effect.fresh().body or {} if name in BAD]
    if effect.operation.id == DORMANT:
        opposite_first(scenario, effect)
    elif not judged:
        raise DoesNotApplyError("the body holds maps alone, which may be put together")
    for name in judged:
        for one, other in ((name, name), (name.upper(), name), (name, name.upper())):
            good = effect.fresh()
            fields = dict(good.body or {})
            right, wrong = (other, fields.pop(name)), (one, BAD[name])
            answer = attempt(scenario, good, content=written(wrong, right, *fields.items()))
            effect.seen(good, f"{one} before {other}, the last one good", answer)
            right, wrong = (one, right[1]), (other, wrong[1])
            answer = attempt(scenario, good, content=written(right, wrong, *fields.items()))
            if answer.status != 400:
                what = f"400 for {one} before {other}, the last one bad"
                raise Mismatch(what, answer.answer(), answer)


def opposite_first(scenario: Scenario, effect: Effect) -> None:
    """A flag has no bad values; the other one comes first."""
    for one, other in (("dormant", "dormant"), ("DORMANT", "dormant"), ("dormant", "DORMANT")):
        good = effect.fresh()
        flag = (good.body or {})["dormant"]
        answer = attempt(scenario, good, content=written((one, not flag), (other, flag)))
        effect.seen(good, f"{one} = {not flag} before {other} = {flag}", answer)


@MARK("bodies/trailing-data")
def test_trailing_data(scenario: Scenario, effect: Effect) -> None:
    """Only the first value is read."""
    for tail in (b"\n{}", b" nonsense", b"]", b"\n\n"):
        good = effect.fresh()
        answer = attempt(scenario, good, content=encoded(good) + tail)
        effect.seen(good, f"{tail!r} after the value", answer)


@MARK("bodies/surrounding-blanks")
def test_surrounding_blanks(scenario: Scenario, effect: Effect) -> None:
    """Blanks, tabs and line breaks."""
    good = effect.fresh()
    content = b" \t\r\n" + encoded(good).replace(b": ", b" :\n\t") + b" \n"
    effect.seen(good, "blanks around", attempt(scenario, good, content=content))


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
def test_content_type(scenario: Scenario, effect: Effect) -> None:
    """Whatever the label, it is JSON."""
    for label in ("text/plain", "application/xml", "application/json; charset=latin-1", "nonsense"):
        good = effect.fresh()
        answer = attempt(scenario, good, content=encoded(good), headers={"content-type": label})
        effect.seen(good, f"the content type {label}", answer)
    good = effect.fresh()
    answer = raw.send(scenario.wire, good.operation.method, good.target, content=encoded(good))
    effect.seen(good, "no content type", answer)


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
def test_deep_nesting(scenario: Scenario, effect: Effect) -> None:
    """Thousands of brackets, as a field and as the whole body."""
    good = effect.fresh()
    for depth in (500, 5_000, 200_000):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            deep = opening * depth + "1" + closing * depth
            for content in (deep, f'{{"x_unknown": {deep}}}', opening * depth):
                answer = attempt(scenario, good, content=content.encode())
                if answer.status >= 500:
                    raise Mismatch("a status below 500", answer.answer(), answer)
    effect.tried("an ordinary body after that")


@MARK("bodies/large")
def test_large(scenario: Scenario, effect: Effect) -> None:
    """A long text in a field that nobody reads."""
    good = effect.fresh()
    answer = attempt(scenario, good, content=encoded(good, x_unknown="x" * 2**20))
    effect.seen(good, "a large unknown field", answer)


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
def test_chunked(scenario: Scenario, effect: Effect) -> None:
    """A body whose length is not told."""
    good = effect.fresh()
    content = encoded(good)
    pieces = [content[n : n + 7] for n in range(0, len(content), 7)]
    answer = raw.send(scenario.wire, good.operation.method, good.target, chunks=pieces)
    effect.seen(good, "a body in chunks", answer)


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
