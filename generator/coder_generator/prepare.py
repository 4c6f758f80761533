"""Rewrites the contract for the two tools. Pure functions: nothing is read, nothing is changed.

The tools understand a part of OpenAPI 3.1 each. What they would stumble over or leave out with a
warning is rewritten to what they do understand, or dropped where only a server can check it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from coder_generator.errors import GenerationError
from coder_generator.texts import paragraphs
from coder_generator.usage import schema_usage

if TYPE_CHECKING:
    from coder_generator.operations import OperationView
    from coder_spec import Contract

Json = dict[str, Any]

# Of descriptions, which become docstrings that are indented by four columns.
_WIDTH = 92
# Formats with a Python type of their own. Others stay strings: an address or an e-mail that is
# parsed and written again is not always what was sent.
_FORMATS = frozenset({"uuid", "date-time", "date"})
# What bounds a value. In answers it is not checked: a client that refuses what the server sends
# helps nobody, and a newer server may have other bounds.
_BOUNDS = frozenset(
    {
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
    }
)
# Rules that pydantic has no field-level form for. Some become validators of request models, see
# rules.py; the server enforces the others.
_RULES = frozenset({"not", "if", "then", "else", "dependentRequired", "propertyNames"})
_NOTES = frozenset(
    {"example", "examples", "default", "readOnly", "writeOnly", "deprecated", "contentEncoding"}
)
_COMBINATIONS = frozenset({"oneOf", "anyOf", "allOf"})
_SECRETS = frozenset({"session_token", "password"})


def models_document(contract: Contract) -> Json:
    """Return the document that the models are generated from."""
    usage = schema_usage(contract)
    schemas: Json = {}
    for name, schema in contract.document["components"]["schemas"].items():
        request = usage.only_in_requests(name)
        schemas[name] = _schema(schema, name, request=request, bounds=name in usage.requests)
    return _document(contract, {}, schemas)


def endpoints_document(contract: Contract, operations: list[OperationView]) -> Json:
    """Return the document that the endpoint functions are generated from.

    Its object schemas are empty, since the models come from elsewhere and only their names
    matter; its answers are the successes, since every other status becomes an exception.
    """
    paths: Json = {}
    for view in operations:
        paths.setdefault(view.path, {})[view.method.lower()] = _operation(view)
    schemas: Json = {}
    for name, schema in contract.document["components"]["schemas"].items():
        if "properties" in schema or schema.get("type") == "object":
            schemas[name] = {"type": "object"}
        else:
            schemas[name] = _schema(schema, name, request=False, bounds=False)
    return _document(contract, paths, schemas)


def _document(contract: Contract, paths: Json, schemas: Json) -> Json:
    info: Json = contract.document["info"]
    return {
        "openapi": "3.1.0",
        "info": {"title": info["title"], "version": str(info["version"])},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(view: OperationView) -> Json:
    responses: Json = {}
    if view.stream is not None:
        item = {"$ref": f"#/components/schemas/{view.stream.item}"}
        responses["200"] = {
            "description": "",
            "content": {"application/json": {"schema": item}},
        }
    for success in view.successes:
        response: Json = {"description": success.description}
        if success.schema is not None:
            response["content"] = {"application/json": {"schema": success.schema}}
        responses[str(success.status)] = response
    operation: Json = {
        "operationId": view.id,
        "tags": [view.tag],
        "parameters": [
            {
                "name": parameter["name"],
                "in": parameter["in"],
                "required": parameter.get("required", False),
                "schema": _parameter_schema(parameter["schema"], parameter["name"]),
            }
            for parameter in view.parameters
        ],
        "responses": responses,
    }
    if view.body is not None:
        operation["requestBody"] = {
            "required": view.body.required,
            "content": {"application/json": {"schema": view.body.schema}},
        }
    return operation


def _parameter_schema(schema: Json, name: str) -> Json:
    # Values that are listed in place become a Literal in the signature, which needs no class.
    plain = {key: value for key, value in schema.items() if key != "enum"}
    return _schema(plain, name, request=False, bounds=False)


def _schema(node: Json, place: str, *, request: bool, bounds: bool) -> Json:
    """Rewrite one schema and what is below it.

    Args:
        node: The schema.
        place: Where it stands, for messages.
        request: Whether only clients send it; then a field that is left out differs from null.
        bounds: Whether bounds of values are kept.
    """
    if "$ref" in node:
        return _reference(node)

    def below(key: str, value: Json) -> Json:
        return _schema(value, f"{place}.{key}", request=request, bounds=bounds)

    result: Json = {}
    for key, value in node.items():
        if key in _COMBINATIONS:
            # Beside properties it is a rule about their presence.
            if "properties" not in node:
                result[key] = [below(key, item) for item in value]
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            result[key] = below(key, cast("Json", value))
        elif key == "properties":
            result[key] = _properties(node, place, request=request, bounds=bounds)
        else:
            result.update(_keyword(key, value, bounds=bounds))
    return result


def _keyword(key: str, value: Any, *, bounds: bool) -> Json:
    """Rewrite a keyword that has no schemas below it."""
    if key == "x-extensible-enum":
        return {"enum": list(value)}
    if key == "description":
        return {key: paragraphs(str(value), _WIDTH)}
    return {key: value} if _is_understood(key, value, bounds=bounds) else {}


def _properties(node: Json, place: str, *, request: bool, bounds: bool) -> Json:
    needed: list[str] = node.get("required", [])
    return {
        name: _property(name, field, place, needed=name in needed, request=request, bounds=bounds)
        for name, field in node["properties"].items()
    }


def _reference(node: Json) -> Json:
    # An enum beside it needs no attention: request models refuse unknown values themselves.
    reference: Json = {"$ref": node["$ref"]}
    if "description" in node:
        reference["description"] = paragraphs(str(node["description"]), _WIDTH)
    return reference


def _is_understood(key: str, value: Any, *, bounds: bool) -> bool:
    """Whether a keyword is handed on as it stands."""
    if key.startswith("x-"):
        return key == "x-enum-varnames"
    if key == "format":
        return value in _FORMATS
    return key not in _RULES and key not in _NOTES and (bounds or key not in _BOUNDS)


def _property(
    name: str, node: Json, place: str, *, needed: bool, request: bool, bounds: bool
) -> Json:
    where = f"{place}.{name}"
    inline_enum = "enum" in node or "x-extensible-enum" in node
    if inline_enum and "$ref" not in node:
        raise GenerationError(
            f"The field {where} lists its values in place; move them to a schema of their own "
            "below components/schemas, so that the client's enumeration has a name."
        )
    if "properties" in node:
        raise GenerationError(
            f"The field {where} describes an object in place; move it to a schema of its own "
            "below components/schemas, so that the client's model has a name."
        )
    schema = _schema(node, where, request=request, bounds=bounds)
    if node.get("format") == "password" or name in _SECRETS:
        schema["repr"] = False  # becomes an argument of Field: not shown by repr()
    if needed or request:
        return schema
    return _optional(schema)


def _optional(schema: Json) -> Json:
    """Return the schema of a field of an answer that may be left out: None when it is."""
    notes: Json = {key: schema[key] for key in ("description", "repr") if key in schema}
    rest = {key: value for key, value in schema.items() if key not in notes}
    if not rest:
        return {**notes, "default": None}
    kind = rest.get("type")
    if isinstance(kind, list) and "null" in kind:
        return {**notes, **rest, "default": None}
    if isinstance(kind, str) and "enum" not in rest:
        return {**notes, **rest, "type": [kind, "null"], "default": None}
    return {**notes, "anyOf": [rest, {"type": "null"}], "default": None}
