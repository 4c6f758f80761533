"""Whether an answer is what the contract documents: pure functions from an exchange to findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import jsonschema_rs

from coder_spec import Contract, Operation
from coder_spec.files import Json

from .consistency import contradictions
from .exchange import Exchange, shorten

Aspect = Literal[
    "documented-status", "content-type", "headers", "response-schema", "consistent-body"
]
_NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which an answer differs from the contract.

    Attributes:
        aspect: The requirement `contract/<aspect>` that it breaks.
        expected: What the contract asks for.
        actual: What came.
    """

    aspect: Aspect
    expected: str
    actual: str


class Judge:
    """Judges answers against one contract.

    Args:
        contract: The contract.
        closed: Whether enums admit the known values only. A server newer than the contract may add
            values, and is then judged with open enums.
    """

    def __init__(self, contract: Contract, *, closed: bool) -> None:
        self.contract = contract
        self.document: Json = contract.closed() if closed else contract.document
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def findings(self, operation: Operation, exchange: Exchange) -> list[Finding]:
        """Everything that is wrong with the answer."""
        documented = operation.raw["responses"].get(str(exchange.status))
        if documented is None:
            known = ", ".join(str(status) for status in operation.statuses)
            return [Finding("documented-status", f"one of {known}", exchange.answer())]
        response = self.contract.resolve(documented)
        found = [*self._headers(response, exchange)]
        content = response.get("content", {})
        if exchange.status in _NO_BODY or not content:
            if exchange.body or exchange.media_type:
                found.append(
                    Finding("content-type", "no content type and no body", exchange.answer())
                )
            return found
        if exchange.media_type not in content:
            expected = " or ".join(content)
            actual = exchange.headers.get("content-type") or "no content type"
            return [*found, Finding("content-type", expected, actual)]
        if exchange.media_type == "application/json":
            found += self._body(operation, exchange, content["application/json"]["schema"])
        return found

    def schema_errors(self, schema: Json, value: Any) -> list[str]:
        """Where a value differs from a schema of the contract, one sentence each."""
        return [
            f"{_place(error.instance_path)}: {shorten(error.message, 300)}"
            for error in self._validator(schema).iter_errors(value)
        ]

    def _body(self, operation: Operation, exchange: Exchange, schema: Json) -> Iterator[Finding]:
        try:
            value = exchange.json()
        except ValueError:
            yield Finding("response-schema", "a JSON body", exchange.answer())
            return
        errors = self.schema_errors(schema, value)
        for error in errors[:5]:
            yield Finding("response-schema", f"a body that fits {_name(schema)}", error)
        if not errors and 200 <= exchange.status < 300:
            for contradiction in contradictions(operation, exchange, value):
                yield Finding("consistent-body", "fields that agree", contradiction)

    def _headers(self, response: Json, exchange: Exchange) -> Iterator[Finding]:
        for name, header in response.get("headers", {}).items():
            described = self.contract.resolve(header)
            value = exchange.headers.get(name.lower())
            if value is None:
                if described.get("required"):
                    yield Finding("headers", f"the header {name}", "no such header")
                continue
            schema = described["schema"]
            parsed: Any = value
            if schema.get("type") == "integer":
                parsed = (
                    int(value) if value.removeprefix("-").isascii() and value.isdigit() else value
                )
            for error in self._validator(schema).iter_errors(parsed):
                yield Finding(
                    "headers", f"a well-formed header {name}", f"{value!r}: {error.message}"
                )

    def _validator(self, schema: Json) -> jsonschema_rs.Draft202012Validator:
        key = repr(schema)
        if key not in self._validators:
            whole = {"components": self.document["components"], "allOf": [schema]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        return self._validators[key]


def _place(path: list[str | int]) -> str:
    return "/" + "/".join(str(part) for part in path) if path else "the body"


def _name(schema: Json) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[1] if "$ref" in schema else "its schema"
