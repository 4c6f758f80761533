"""Holds everything that the server sends during the tests against the contract.

Every answer, event and message of every deployment in the test's own process is looked at,
whatever the test itself is about. What deviates on purpose is in :func:`Watch.reason_to_differ`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
import pytest

import coder_spec
from coder_conformance.reference.http.app import Gateway

Message = MutableMapping[str, Any]
Headers = list[tuple[bytes, bytes]]
Send = Callable[[Message], Awaitable[None]]
CONTRACT = coder_spec.load()
JSON_TYPE = "application/json; charset=utf-8"
REQUIRED_ANYWHERE = ("X-Coder-Request-Id", "X-Coder-Build-Version")


def _exact(document: Any) -> Any:
    """Return the contract with closed enums, and without room for fields that it does not name."""
    if isinstance(document, list):
        return [_exact(item) for item in document]
    if not isinstance(document, dict):
        return document
    found = {name: _exact(value) for name, value in document.items()}
    if isinstance(found.get("properties"), dict) and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found


DOCUMENT = _exact(CONTRACT.closed())


class Validators:
    """Validators of the contract's schemas, made when they are needed."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def problems(self, key: str, schema: Any, value: object) -> list[str]:
        """Return what is wrong with ``value``; ``key`` names the schema."""
        if key not in self._made:
            whole = {**schema, "components": DOCUMENT["components"]}
            self._made[key] = jsonschema_rs.validator_for(whole, validate_formats=True)
        validator = self._made[key]
        if validator.is_valid(value):
            return []
        errors = list(validator.iter_errors(value))
        return [f"{'/'.join(map(str, e.instance_path))}: {e.message}"[:300] for e in errors[:3]]


VALIDATORS = Validators()


def operation_of(method: str, path: str) -> Any:
    """Return the operation that a request is for, ``None`` if the contract has none."""
    segments = [segment for segment in path.split("/") if segment][2:]
    best: tuple[int, Any] = (-1, None)
    for operation in CONTRACT.operations:
        pattern = operation.path.strip("/").split("/")
        if operation.method != method or len(pattern) != len(segments):
            continue
        fixed = [wanted == got for wanted, got in zip(pattern, segments, strict=True)]
        fits = all(f or p.startswith("{") for f, p in zip(fixed, pattern, strict=True))
        if fits and sum(fixed) > best[0]:
            best = (sum(fixed), operation)
    return best[1]


@dataclass
class Answer:
    """One answer as it went out; ``parts`` are its chunks or messages."""

    method: str
    path: str
    status: int
    headers: Headers
    parts: list[bytes] = field(default_factory=list[bytes])

    def header(self, name: str) -> str | None:
        """Return a header, ``None`` if it was not sent."""
        for key, value in self.headers:
            if key.decode("latin-1").lower() == name.lower():
                return value.decode("latin-1")
        return None

    @property
    def body(self) -> bytes:
        """All of the body."""
        return b"".join(self.parts)


class Watch:
    """Collects what is wrong, and which answers there were."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.seen: Counter[tuple[str, int]] = Counter()
        self.allow_server_errors = False

    def look_at(self, answer: Answer) -> None:
        """Judge one finished answer."""
        where = f"{answer.method} {answer.path!r} {answer.status}"
        found = self._common(answer)
        operation = operation_of(answer.method, answer.path)
        name = "" if operation is None else operation.id
        self.seen[name, answer.status] += 1
        if answer.status >= 500 and not self.allow_server_errors:
            found.append("a server error")
        if not self.reason_to_differ(answer):
            found += self._by_contract(answer, operation)
        self.problems += [f"{where} {name}: {problem}" for problem in found]

    def look_at_message(self, kind: str, value: object, operation: Any) -> None:
        """Judge one event or message of a stream."""
        events: dict[str, str | None] = operation.stream.events
        if kind not in events:
            self.problems.append(f"{operation.id}: there is no event {kind!r}")
            return
        schema = events[kind]
        if schema is None:
            found = [] if value is None else ["an event without payload has one"]
        else:
            reference = {"$ref": f"#/components/schemas/{schema}"}
            found = VALIDATORS.problems(schema, reference, value)
        self.problems += [f"{operation.id} {kind}: {problem}" for problem in found]

    @staticmethod
    def reason_to_differ(answer: Answer) -> str:
        """Return why an answer is not of the contract's kind, empty if it has to be.

        These are of the original too, and on purpose not in the contract:
        """
        if answer.path == "/api/v2/users/first" and answer.method == "GET":
            return "of the original, and not in the contract because no client needs it"
        if answer.path.startswith("/healthz"):
            return "the health check is no part of the API"
        if answer.method == "OPTIONS" and answer.status == 200 and not answer.body:
            return "a preflight is answered for every path"
        if answer.status == 405 and not answer.body and not answer.header("content-type"):
            return "a wrong method has an empty answer with Allow, on every path"
        if answer.status == 413:
            return "the limit of a body is this server's own"
        text = (answer.header("content-type") or "").startswith("text/plain")
        if answer.status == 400 and text and b"CSRF" in answer.body:
            return "the refusal of a forged request is plain text"
        return ""

    def _common(self, answer: Answer) -> list[str]:
        found = [f"no {name}" for name in REQUIRED_ANYWHERE if not answer.header(name)]
        if answer.header("content-type") == JSON_TYPE:
            if not answer.body.endswith(b"\n") or answer.body.endswith(b"\n\n"):
                found.append("a JSON body has to end its line once")
            if answer.status >= 400:
                found += self._envelope(answer)
        return found

    @staticmethod
    def _envelope(answer: Answer) -> list[str]:
        schema = {"$ref": "#/components/schemas/Response"}
        return VALIDATORS.problems("Response", schema, json.loads(answer.body))

    @staticmethod
    def _by_contract(answer: Answer, operation: Any) -> list[str]:
        if operation is None or b'"Route not found."' in answer.body:
            # No path of the contract: the envelope, which was looked at, is all there is to say.
            known = answer.status in (400, 401, 403, 404, 429, 500)
            return [] if known else ["a status that no path outside of the contract has"]
        documented = operation.raw["responses"].get(str(answer.status))
        if documented is None:
            return ["the status is not documented"]
        documented = CONTRACT.resolve(documented)
        found: list[str] = []
        for name, reference in documented.get("headers", {}).items():
            header, value = CONTRACT.resolve(reference), answer.header(name)
            if value is None:
                found += [f"no {name}"] if header.get("required") else []
                continue
            numeric = header["schema"].get("type") == "integer" and value.isdecimal()
            typed: object = int(value) if numeric else value
            found += VALIDATORS.problems(f"header {name}", header["schema"], typed)
        content = documented.get("content", {})
        sent = (answer.header("content-type") or "").partition(";")[0]
        if not content:
            return found + (["a body"] if answer.body or sent else [])
        if sent not in content:
            return [*found, f"the content type {sent!r} is not one of {sorted(content)}"]
        if sent == "application/json":
            key = f"{operation.id} {answer.status}"
            schema = _exact(content[sent]["schema"])
            found += VALIDATORS.problems(key, schema, json.loads(answer.body))
        return found


def _judging(watch: Watch, scope: Any, send: Send) -> tuple[Send, Callable[[], None]]:
    """Return a ``send`` that listens, and what to call when the answer is over."""
    method = scope.get("method", "GET")
    answer = Answer(method, scope["path"], 0, [])
    operation = operation_of(method, scope["path"])

    async def listen(message: Message) -> None:
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            case "websocket.accept":
                answer.status, answer.headers = 101, list(message["headers"])
            case "http.response.body" | "websocket.http.response.body":
                if answer.header("content-type") == "text/event-stream":
                    _events(watch, operation, message.get("body", b""))
                else:
                    answer.parts.append(message.get("body", b""))
            case "websocket.send":
                text = message["text"]
                value = json.loads(text)
                if set(value) != {"type", "data"} or not text.endswith("}\n"):
                    watch.problems.append(f"an odd message: {text[:100]}")
                watch.look_at_message(value["type"], value["data"], operation)
            case _:
                pass
        await send(message)

    def done() -> None:
        if answer.status:
            watch.look_at(answer)

    return listen, done


def _events(watch: Watch, operation: Any, chunk: bytes) -> None:
    for text in chunk.split(b"\n\n"):
        if not text:
            continue
        lines = text.decode().split("\n")
        kind = lines[0].removeprefix("event: ")
        data = [json.loads(line.removeprefix("data: ")) for line in lines[1:]]
        watch.look_at_message(kind, data[0] if data else None, operation)


@contextmanager
def watching(watch: Watch) -> Generator[Watch]:
    """Have every deployment of this process watched."""
    original = Gateway.__call__

    async def judged(gateway: Gateway, scope: Any, receive: Any, send: Send) -> None:
        listen, done = _judging(watch, scope, send)
        try:
            await original(gateway, scope, receive, listen)
        finally:
            done()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gateway, "__call__", judged)
        yield watch
