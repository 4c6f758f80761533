"""Every contract that cannot become a client ends in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coder_generator.cli import main

from .conftest import Generate
from .contracts import operation

Parts = dict[str, Any]


def _add(parts: Parts, path: str, method: str, value: Any) -> None:
    parts["document"]["paths"].setdefault(path, {})[method] = value


def _keyword(parts: Parts) -> None:
    _add(parts, "/x", "get", operation("class"))


def _unpronounceable(parts: Parts) -> None:
    _add(parts, "/x", "get", operation("2fast"))


def _colliding(parts: Parts) -> None:
    _add(parts, "/x", "get", operation("ListWidgets"))


def _colliding_tags(parts: Parts) -> None:
    _add(parts, "/x", "get", operation(tag="big-widgets"))
    _add(parts, "/y", "get", operation("other", tag="bigWidgets"))


def _shadowing_tag(parts: Parts) -> None:
    _add(parts, "/x", "get", operation(tag="close"))


def _lower_case_schema(parts: Parts) -> None:
    parts["schemas"]["widget_two"] = {"type": "object", "properties": {}}
    parts["schemas"]["Widget"]["properties"]["two"] = {"$ref": "#/widget_two"}


def _inline_object(parts: Parts) -> None:
    parts["schemas"]["Widget"]["properties"]["box"] = {
        "type": "object",
        "properties": {"x": {"type": "integer"}},
    }


def _inline_enum(parts: Parts) -> None:
    parts["schemas"]["Widget"]["properties"]["kind"] = {
        "type": "string",
        "x-extensible-enum": ["a"],
    }


def _inline_answer(parts: Parts) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    answer = {"description": "x", "content": {"application/json": {"schema": schema}}}
    _add(parts, "/x", "get", operation(responses={"200": answer}))


def _other_content(parts: Parts) -> None:
    answer = {"description": "x", "content": {"text/csv": {"schema": {"type": "string"}}}}
    _add(parts, "/x", "get", operation(responses={"200": answer}))


def _no_success(parts: Parts) -> None:
    _add(parts, "/x", "get", operation(responses={"404": {"description": "None."}}))


def _header_parameter(parts: Parts) -> None:
    parameter = {"name": "X-Y", "in": "header", "schema": {"type": "string"}}
    _add(parts, "/x", "get", operation(parameters=[parameter]))


def _reserved_parameter(parts: Parts) -> None:
    parameter = {"name": "client", "in": "query", "schema": {"type": "string"}}
    _add(parts, "/x", "get", operation(parameters=[parameter]))


def _form_body(parts: Parts) -> None:
    body = {"content": {"multipart/form-data": {"schema": {"type": "object"}}}}
    _add(parts, "/x", "post", operation(requestBody=body))


def _undeclared_path_parameter(parts: Parts) -> None:
    _add(parts, "/x/{y}", "get", operation())


def _two_payloads(parts: Parts) -> None:
    color = {"$ref": "components/schemas/main.yaml#/Color"}
    stream = parts["document"]["paths"]["/widgets/{widget}/watch"]["get"]["x-stream"]
    stream["events"]["color"] = color


def _server(parts: Parts) -> None:
    parts["document"]["servers"] = [{"url": "https://x/{a}/b"}]


def _unpaired(parts: Parts) -> None:
    parts["schemas"]["Widget"]["description"] = "A \x07 bell."


def _half_a_helper(parts: Parts) -> None:
    _add(parts, "/x", "post", operation("createWorkspaceBuild"))


def _odd_path(parts: Parts) -> None:
    _add(parts, '/x"y', "get", operation())


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_keyword, "'class'"),
        (_unpronounceable, "'2fast'"),
        (_colliding, "'listWidgets' and 'ListWidgets' would both be 'list_widgets'"),
        (_colliding_tags, "'big_widgets'"),
        (_shadowing_tag, "client attribute close"),
        (_lower_case_schema, "'widget_two'"),
        (_inline_object, "Widget.box"),
        (_inline_enum, "Widget.kind"),
        (_inline_answer, "getThing"),
        (_other_content, "text/csv"),
        (_no_success, "documents no success"),
        (_header_parameter, "'X-Y'"),
        (_reserved_parameter, "'client'"),
        (_form_body, "request body of getThing"),
        (_undeclared_path_parameter, "/x/{y}"),
        (_two_payloads, "2 kinds of data"),
        (_server, "https://x/{a}/b"),
        (_unpaired, "control characters"),
        (_half_a_helper, "getWorkspaceBuild, getWorkspaceMetadataById"),
        (_odd_path, "'/x\"y'"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_unusable_contracts(
    generate: Generate, parts: Parts, spoil: Callable[[Parts], None], says: str
) -> None:
    """One sentence names the place and the remedy; nothing is written, status 2."""
    spoil(parts)
    failed = generate(parts)
    assert failed.status == 2
    assert says in failed.err
    assert failed.err.startswith("coder_generator: ")
    assert failed.err.endswith(".\n")
    assert failed.err.count("\n") == 1
    assert not failed.package.exists()


@pytest.mark.parametrize("content", [None, "a: [", "openapi: 3.1.0\npaths: {/a: {$ref: no.yaml}}"])
def test_unreadable_contracts(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be read at all ends the same way."""
    if content is not None:
        (tmp_path / "openapi.yaml").write_text(content)
    assert main(["--spec", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("coder_generator: ")
    assert "Traceback" not in captured.err
    assert not (tmp_path / "out").exists()
