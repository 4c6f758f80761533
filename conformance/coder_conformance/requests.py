"""Whether a request is one that the contract allows; knows nothing of who made it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs

from coder_spec import Contract, Operation
from coder_spec.files import Json

from .wire import API

_BOOLEANS = {"true": True, "false": False}
# What servers of this family understand too.
_MORE_BOOLEANS = dict.fromkeys(("1", "t", "T", "TRUE", "True"), True) | dict.fromkeys(
    ("0", "f", "F", "FALSE", "False"), False
)


class RequestJudge:
    """Judges requests against one contract.

    Args:
        contract: The contract.
        lenient: Whether to allow what servers are known to let pass although the contract does not
            say so: null for a field that may be left out, an empty query value for none, other
            spellings of booleans, any content type.
    """

    def __init__(self, contract: Contract, *, lenient: bool = False) -> None:
        self.contract = contract
        self.lenient = lenient
        self._components: Json = contract.closed()["components"]
        if lenient:
            self._components = copy.deepcopy(self._components)
            for schema in self._components["schemas"].values():
                _allow_null(schema)
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def violations(
        self,
        operation: Operation,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> list[str]:
        """What the contract forbids in a request, one sentence each.

        Args:
            operation: The operation that it is meant for.
            method: HTTP method.
            url: Full address.
            headers: Headers, by lower-case name.
            body: Body; None or empty for none.
        """
        found: list[str] = []
        if method != operation.method:
            found.append(f"the method is {method}, not {operation.method}")
        parts = urlsplit(url)
        found += self._path(operation, parts.path)
        found += self._query(operation, parse_qsl(parts.query, keep_blank_values=True))
        found += self._body(operation, headers, body)
        return found

    def path_values(self, operation: Operation, path: str) -> dict[str, str] | None:
        """The path parameters in a path, decoded; None if it is not the operation's."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]*)", re.escape(operation.path))
        match = re.fullmatch(f".*?{re.escape(API)}{pattern}", path)
        if match is None:
            return None
        return {name: unquote(value) for name, value in match.groupdict().items()}

    def _path(self, operation: Operation, path: str) -> list[str]:
        values = self.path_values(operation, path)
        if values is None:
            return [f"the path {path} is not of the form {operation.path}"]
        described = {p["name"]: p["schema"] for p in operation.parameters if p["in"] == "path"}
        return [
            f"the path parameter {name} = {value!r}: {problem}"
            for name, value in values.items()
            for problem in self._problems(described[name], value)
        ]

    def _query(self, operation: Operation, pairs: list[tuple[str, str]]) -> list[str]:
        described = {p["name"]: p for p in operation.parameters if p["in"] == "query"}
        tokens = {"coder_session_token", "access_token"}
        found: list[str] = []
        for name, text in pairs:
            if name not in described:
                if not self.lenient and name not in tokens:
                    found.append(f"the query parameter {name} is not documented")
                continue
            if self.lenient and text == "":
                continue
            schema = described[name]["schema"]
            value = self._parsed(schema, text)
            found += [
                f"the query parameter {name} = {text!r}: {problem}"
                for problem in self._problems(schema, value)
            ]
        for name in described:
            if sum(key == name for key, _ in pairs) > 1:
                found.append(f"the query parameter {name} stands there more than once")
        return found

    def _parsed(self, schema: Json, text: str) -> Any:
        if schema.get("type") == "integer" and re.fullmatch(r"[+-]?[0-9]+", text):
            return int(text)
        if schema.get("type") == "boolean":
            known = _BOOLEANS | _MORE_BOOLEANS if self.lenient else _BOOLEANS
            return known.get(text, text)
        return text

    def _body(
        self, operation: Operation, headers: Mapping[str, str], body: bytes | None
    ) -> list[str]:
        described: Json | None = operation.raw.get("requestBody")
        if described is None:
            return ["there is a body"] if body and not self.lenient else []
        if not body:
            return ["there is no body"] if described.get("required") else []
        media_type = headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type != "application/json" and not self.lenient:
            return [f"the content type of the body is {media_type!r}"]
        fractions: list[str] = []
        try:
            value = json.loads(body, parse_float=lambda text: _fraction(text, fractions))
        except (ValueError, RecursionError):
            return ["the body is not JSON"]
        if fractions and not self.lenient:
            # A whole number to the schema, and yet servers may refuse it where they expect one.
            return [f"the body writes a whole number with a fraction: {fractions[0]}"]
        schema: Json = described["content"]["application/json"]["schema"]
        if self.lenient and value is None and not self.contract.resolve(schema).get("required"):
            return []
        return [f"the body: {problem}" for problem in self._problems(schema, value)]

    def _problems(self, schema: Json, value: Any) -> list[str]:
        key = repr(schema)
        if key not in self._validators:
            whole = {"components": self._components, "allOf": [schema]}
            self._validators[key] = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
        try:
            return [error.message for error in self._validators[key].iter_errors(value)]
        except (ValueError, OverflowError):
            return ["it holds a value that no server can be expected to read"]


def _fraction(text: str, found: list[str]) -> float:
    value = float(text)
    if value.is_integer():
        found.append(text)
    return value


def _allow_null(schema: Json) -> None:
    """Let every field that may be left out be null instead, as if it were left out."""
    required = schema.get("required", [])
    for name, described in schema.get("properties", {}).items():
        if name not in required:
            schema["properties"][name] = {"anyOf": [described, {"type": "null"}]}
