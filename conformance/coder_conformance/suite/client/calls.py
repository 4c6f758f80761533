"""What the client-role tests share: arguments, answers, and comparing values."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import Phase, find, settings
from hypothesis import strategies as st

from coder_conformance.client import Arguments, Raised, Returned
from coder_conformance.context import Context
from coder_conformance.exchange import Exchange, shorten
from coder_conformance.patience import Patient
from coder_conformance.payloads import Payloads
from coder_conformance.results import Mismatch
from coder_conformance.stub import Answer, Stub
from coder_spec import Contract, Operation
from coder_spec.files import is_array, is_object

Json = dict[str, Any]
# Of the form that servers give out; what it must never do is turn up in anything shown.
TOKEN = "conformanc-NeverShowThisSecret001"  # noqa: S105 -- invented
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
# What every answer of such a server carries.
COMMON = {
    "X-Coder-Request-Id": "9f0c4b9e-2b1d-4a5f-8a43-0d6a53f0f001",
    "X-Coder-Build-Version": "v2.25.0",
}
JSON = {**COMMON, "Content-Type": "application/json; charset=utf-8"}


def arguments(operation: Operation, payloads: Payloads) -> st.SearchStrategy[Arguments]:
    """Arguments that the contract allows for an operation."""
    parts: dict[str, dict[str, st.SearchStrategy[Any]]] = {"path": {}, "query": {}}
    for parameter in operation.parameters:
        parts[parameter["in"]][parameter["name"]] = payloads.of(parameter["schema"])
    body: st.SearchStrategy[Any] = st.none()
    described = operation.raw.get("requestBody")
    if described is not None:
        body = payloads.of(described["content"]["application/json"]["schema"])
        if not described.get("required"):
            body = st.one_of(st.none(), body)
    return st.builds(
        Arguments,
        path=st.fixed_dictionaries(parts["path"]),
        query=st.fixed_dictionaries({}, optional=parts["query"]),
        body=body,
    )


# Texts that are easily spoilt on their way into an address.
_ODD = ("a b", "a+b", "a/b", "100%", "%41", "?x=1#y", "Ünï", "a;b&c=d")


def odd_texts(operation: Operation) -> list[Arguments]:
    """Arguments with texts that have a meaning in addresses, wherever any text is allowed."""
    free = {
        parameter["name"]: parameter["in"]
        for parameter in operation.parameters
        if parameter["schema"].get("type") == "string"
        and not {"pattern", "enum"} & parameter["schema"].keys()
        and parameter["schema"].get("format") in {None, "coder-workspace-query"}
    }
    usual = some_arguments(operation)
    return [
        Arguments(
            {name: text if name in free else value for name, value in usual.path.items()},
            {name: text for name, where in free.items() if where == "query"},
            usual.body,
        )
        for text in _ODD
        if free
    ]


def some_arguments(operation: Operation) -> Arguments:
    """The contract's own examples as arguments."""
    body = None
    described = operation.raw.get("requestBody")
    if described is not None:
        body = next(iter(described["content"]["application/json"]["examples"].values()))["value"]
    path = {p["name"]: str(p["example"]) for p in operation.parameters if p["in"] == "path"}
    return Arguments(path, {}, body)


def example(strategy: st.SearchStrategy[Any]) -> Any:
    """A value of a strategy, where one is enough; always the same one."""
    quick = settings(database=None, phases=[Phase.generate])
    return find(strategy, lambda _: True, settings=quick, random=Random(1))  # noqa: S311 -- no secret


def as_found() -> settings:
    """Settings under which a large value that shows a fault is not made smaller first.

    That would take minutes, and what differs is named by its place in the value anyway.
    """
    return settings(phases=[Phase.explicit, Phase.generate])


def few() -> settings:
    """Settings for what is done for each of many statuses: a quarter of the usual examples."""
    return settings(max_examples=max(2, settings().max_examples // 4))


def success(contract: Contract, operation: Operation) -> list[tuple[int, Json | None]]:
    """Each documented success with the schema of its body, None for no body."""
    found: list[tuple[int, Json | None]] = []
    for status in operation.statuses:
        if 200 <= status < 300 or status == 304:
            response = contract.resolve(operation.raw["responses"][str(status)])
            content = response.get("content", {}).get("application/json")
            found.append((status, content["schema"] if content else None))
    return found


def play(stub: Stub, answer: Answer) -> None:
    """Let the server play an answer from now on."""
    stub.answer = answer
    stub.respond = None
    stub.received.clear()


def play_json(stub: Stub, status: int, value: Any, **headers: str) -> None:
    """Let the server play a JSON answer from now on."""
    play(stub, Answer(status, {**JSON, **headers}, [json.dumps(value).encode() + b"\n"]))


def only_request(stub: Stub) -> Exchange:
    """The one request that came.

    Raises:
        Mismatch: None came, or several did.
    """
    if len(stub.received) != 1:
        raise Mismatch("one request", f"{len(stub.received)} requests")
    return stub.received[0]


def call(client: Patient, stub: Stub, operation: Operation, given: Arguments) -> Returned | Raised:
    """Call an operation; a stream is opened and one payload is read."""
    if operation.stream is None:
        return client.call(stub.url, TOKEN, operation, given)
    websocket = operation.stream.transport == "websocket"
    url = stub.websocket_url if websocket else stub.url
    return client.stream(url, TOKEN, operation, given, 1)


def normal(value: Any) -> Any:
    """The value with every time as an instant, so that spellings of it do not matter."""
    if is_object(value):
        return {name: normal(item) for name, item in value.items()}
    if is_array(value):
        return [normal(item) for item in value]
    if isinstance(value, str) and _INSTANT.match(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            return value
    return value


def difference(expected: Any, actual: Any, place: str = "") -> str | None:
    """The first place where two values differ, in words; None when they do not."""
    if is_object(expected) and is_object(actual):
        missing = sorted(expected.keys() - actual.keys())
        if missing:
            return f"{place}/{missing[0]} is missing"
        added = sorted(actual.keys() - expected.keys())
        if added:
            return f"{place}/{added[0]} = {shorten(repr(actual[added[0]]), 100)} was not sent"
        pairs = [(name, expected[name], actual[name]) for name in sorted(expected)]
    elif is_array(expected) and is_array(actual) and len(expected) == len(actual):
        pairs = [(str(n), expected[n], actual[n]) for n in range(len(expected))]
    elif _alike(expected, actual):
        return None
    else:
        values = f"{shorten(repr(actual), 100)}, not {shorten(repr(expected), 100)}"
        return f"{place or 'the value'} is {values}"
    found = (difference(was, is_now, f"{place}/{name}") for name, was, is_now in pairs)
    return next((text for text in found if text is not None), None)


def _alike(expected: Any, actual: Any) -> bool:
    """Whether two scalars are the same in JSON, where 1 is 1.0 but not true."""
    booleans = isinstance(expected, bool) or isinstance(actual, bool)
    same_kind = type(expected) is type(actual) or not booleans
    return bool(same_kind and expected == actual)


def same(sent: Any, got: Returned | Raised, exchange: Exchange) -> None:
    """Check that a call returned what the server sent.

    Raises:
        Mismatch: It did not.
    """
    if isinstance(got, Raised):
        raise Mismatch(
            "the value that the server sent", f"an error: {shorten(got.shown)}", exchange
        )
    found = difference(normal(sent), normal(got.value))
    if found:
        raise Mismatch("the value that the server sent", found, exchange)


def without_one(context: Context, schema: Json, value: Any, chance: Any) -> tuple[Any, str]:
    """A value without one of the fields that its schema requires, at any depth, and its name."""
    broken = copy.deepcopy(value)
    places = list(_required(context, schema, broken))
    holder, name = places[int(chance.randrange(len(places)))]
    del holder[name]
    return broken, name


def _required(context: Context, schema: Json, value: Any) -> Iterator[tuple[Json, str]]:
    """Every object in a value with the name of a field that its schema requires."""
    schema = context.contract.resolve(schema)
    if is_array(value):
        for item in value:
            yield from _required(context, schema["items"], item)
    elif is_object(value):
        for name in schema.get("required", ()):
            yield value, name
        for name, described in schema.get("properties", {}).items():
            if name in value:
                yield from _required(context, _not_null(described), value[name])


def _not_null(schema: Json) -> Json:
    options = [o for o in schema.get("oneOf", []) if o.get("type") != "null"]
    return options[0] if len(options) == 1 else schema
