"""Rules that the contract keeps beyond being valid OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from openapi_spec_validator import OpenAPIV31SpecValidator

from .contract import Contract, Operation
from .files import Json

_PATH_PARAMETER = re.compile(r"\{([^{}]+)\}")


def lint(contract: Contract) -> list[str]:
    """Every broken rule, one sentence each; empty when the contract is good."""
    problems = [
        f"openapi.yaml: not valid OpenAPI 3.1 at {error.json_path}: {error.message}"
        for error in OpenAPIV31SpecValidator(contract.document).iter_errors()
    ]
    problems += [f"{place}: nothing refers to this component" for place in contract.unused]
    declared = {tag["name"] for tag in contract.document.get("tags", [])}
    for operation in contract.operations:
        problems += [
            f"{operation.id}: {rule}" for rule in _operation(contract, operation, declared)
        ]
    for name, schema in contract.document["components"]["schemas"].items():
        if not schema.get("description"):
            problems.append(f"{name}: the schema has no description")
        for key, value in schema.get("properties", {}).items():
            if not value.get("description"):
                problems.append(f"{name}.{key}: the field has no description")
    return problems


def _operation(contract: Contract, operation: Operation, declared: set[str]) -> Iterator[str]:
    yield from _description(operation, declared)
    for parameter in operation.parameters:
        yield from _examples(contract, f"the parameter {parameter['name']!r}", parameter)
    for media_type, content in operation.raw.get("requestBody", {}).get("content", {}).items():
        yield from _examples(contract, f"the request body ({media_type})", content)
    for status, response in operation.raw["responses"].items():
        for media_type, content in contract.resolve(response).get("content", {}).items():
            if "example" in content or "examples" in content:
                yield from _examples(contract, f"the answer {status} ({media_type})", content)


def _description(operation: Operation, declared: set[str]) -> Iterator[str]:
    if not operation.raw.get("summary"):
        yield "it has no summary"
    if operation.tag not in declared:
        yield f"its tag {operation.tag!r} is not declared at the root"
    public = operation.raw.get("security") == []
    if not public and 401 not in operation.statuses:
        yield "it needs a token but documents no 401"
    if not [status for status in operation.statuses if status >= 400 and status != 401]:
        yield "it documents no error besides 401"
    in_path = set(_PATH_PARAMETER.findall(operation.path))
    described = {p["name"] for p in operation.parameters if p["in"] == "path"}
    for name in sorted(in_path ^ described):
        yield f"the path parameter {name!r} stands only in the path or only in the parameters"


def _examples(contract: Contract, what: str, holder: Json) -> Iterator[str]:
    examples: dict[str, Any] = {
        name: example["value"] for name, example in holder.get("examples", {}).items()
    }
    if "example" in holder:
        examples["example"] = holder["example"]
    if not examples:
        yield f"{what} has no example"
    validator = schema_validator(contract.document, holder["schema"])
    for name, value in examples.items():
        for error in validator.iter_errors(value):
            yield f"{what} breaks its schema in the example {name!r}: {error.message}"


def schema_validator(document: Json, schema: Json) -> jsonschema_rs.Draft202012Validator:
    """A validator of one schema of a bundled document, formats included."""
    return jsonschema_rs.Draft202012Validator(
        {"components": document["components"], "allOf": [schema]}, validate_formats=True
    )
