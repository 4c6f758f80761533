"""A small contract, written to a folder, for tests to change."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

_RESPONSE = {"$ref": "components/schemas/main.yaml#/Response"}
_WIDGET = {"$ref": "components/schemas/main.yaml#/Widget"}

_SCHEMAS: dict[str, Any] = {
    "Response": {
        "description": "An error.",
        "type": "object",
        "required": ["message"],
        "properties": {"message": {"description": "What happened.", "type": "string"}},
    },
    "Color": {
        "description": "A colour.",
        "type": "string",
        "x-extensible-enum": ["red", "green"],
    },
    "Widget": {
        "description": "A widget.",
        "type": "object",
        "required": ["id", "color", "gone_at"],
        "properties": {
            "id": {"description": "Its identifier.", "type": "string", "format": "uuid"},
            "color": {"description": "Its colour.", "$ref": "#/Color"},
            "gone_at": {
                "description": "When it went; null before.",
                "type": ["string", "null"],
                "format": "date-time",
            },
            "ttl_ms": {"description": "Time to live in milliseconds.", "type": "integer"},
        },
    },
    "MakeWidget": {
        "description": "A widget to make.",
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"description": "Its name.", "type": "string", "pattern": "^[a-z]+$"},
            "color": {"description": "Its colour.", "$ref": "#/Color", "enum": ["red", "green"]},
            "ttl_ms": {"description": "Time to live in milliseconds.", "type": ["integer", "null"]},
        },
    },
}


def _answer(description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    if schema is None:
        return {"description": description}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def operation(
    operation_id: str = "getThing", tag: str = "widgets", **changes: Any
) -> dict[str, Any]:
    """Return an operation that answers 204, with some members changed."""
    return {
        "operationId": operation_id,
        "tags": [tag],
        "summary": "Does something.",
        "responses": {"204": _answer("Done.")},
    } | changes


def contract() -> dict[str, Any]:
    """Return the contract: the root document and, under `schemas`, the components."""
    widget_id = {
        "name": "widget",
        "in": "path",
        "required": True,
        "description": "The widget.",
        "schema": {"type": "string", "format": "uuid"},
    }
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Widgets", "version": "1.0.0"},
        "servers": [{"url": "{deployment}/api/v2", "variables": {"deployment": {"default": "x"}}}],
        "security": [{"token": []}],
        "tags": [{"name": "widgets", "description": "Widgets."}],
        "paths": {
            "/widgets": {
                "get": operation(
                    "listWidgets",
                    parameters=[
                        {"name": "q", "in": "query", "schema": {"type": "string"}},
                        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    ],
                    responses={
                        "200": _answer("The widgets.", {"type": "array", "items": _WIDGET}),
                        "400": _answer("Wrong.", _RESPONSE),
                    },
                ),
                "post": operation(
                    "makeWidget",
                    requestBody={
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "components/schemas/main.yaml#/MakeWidget"}
                            }
                        },
                    },
                    responses={"201": _answer("Made.", _WIDGET), "409": _answer("No.", _RESPONSE)},
                ),
            },
            "/widgets/{widget}/watch": {
                "get": operation(
                    "watchWidget",
                    parameters=[widget_id],
                    responses={
                        "200": {
                            "description": "A stream.",
                            "content": {"text/event-stream": {"schema": {"type": "string"}}},
                        },
                        "404": _answer("None.", _RESPONSE),
                    },
                )
                | {
                    "x-stream": {
                        "transport": "sse",
                        "events": {"ping": None, "data": _WIDGET, "error": _RESPONSE},
                    }
                }
            },
        },
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Token"}}
        },
    }
    return copy.deepcopy({"document": document, "schemas": _SCHEMAS})


def write(parts: dict[str, Any], folder: Path) -> Path:
    """Write a contract and return its folder."""
    schemas = folder / "components" / "schemas"
    schemas.mkdir(parents=True, exist_ok=True)
    (folder / "openapi.yaml").write_text(yaml.safe_dump(parts["document"]), encoding="utf-8")
    (schemas / "main.yaml").write_text(yaml.safe_dump(parts["schemas"]), encoding="utf-8")
    return folder
