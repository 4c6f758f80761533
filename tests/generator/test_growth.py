"""The contract grows without a change of the generator, and the result works."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from .conftest import Generate
from .contracts import operation

Parts = dict[str, Any]

_PRELUDE = """
import json, httpx2
from coder_workspaces import Client
seen = []
def serve(body=None, status=200):
    def handler(request):
        seen.append(request)
        return httpx2.Response(status, json=body) if body is not None else httpx2.Response(204)
    return Client("http://localhost", "t", transport=httpx2.MockTransport(handler))
WIDGET = {"id": "7b6c2a1e-5d0f-4c7a-9a3e-1f2d3c4b5a69", "color": "red", "gone_at": None}
"""


def _python(package: Path, code: str) -> None:
    """Run code with a generated package instead of the project's own."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PRELUDE + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(package.parent)},
    )
    assert run.returncode == 0, run.stderr


def test_the_small_client_works(generate: Generate, parts: Parts) -> None:
    """The tests' own contract gives a client with models, bodies and streams."""
    run = generate(parts)
    assert run.status == 0, run.err
    _python(
        run.package,
        """
        import coder_workspaces
        assert "tmp" in coder_workspaces.__file__ or "pytest" in coder_workspaces.__file__
        from coder_workspaces.models import MakeWidget
        with serve([WIDGET]) as client:
            (widget,) = client.widgets.list_widgets(q="a", limit=3)
        assert widget.color == "red" and widget.ttl_ms is None
        assert str(seen[0].url) == "http://localhost/api/v2/widgets?q=a&limit=3"
        with serve(WIDGET, 201) as client:
            client.widgets.make_widget(body=MakeWidget(name="a", ttl_ms=None))
        assert json.loads(seen[1].content) == {"name": "a", "ttl_ms": None}
        """,
    )


def test_adding_a_field(generate: Generate, parts: Parts) -> None:
    """A new field is in the model, documented and optional."""
    parts["schemas"]["Widget"]["properties"]["size_mm"] = {
        "description": "Size in millimetres.",
        "type": "integer",
    }
    run = generate(parts)
    assert run.status == 0, run.err
    assert "Size in millimetres." in (run.package / "models" / "widget.py").read_text()
    _python(
        run.package,
        """
        from coder_workspaces.models import Widget
        assert Widget.model_validate(WIDGET).size_mm is None
        assert Widget.model_validate(WIDGET | {"size_mm": 5}).size_mm == 5
        """,
    )


def test_adding_rules_between_fields(generate: Generate, parts: Parts) -> None:
    """Rules of a request that the generator understands are checked by its model."""
    parts["schemas"]["MakeWidget"]["properties"] |= {
        "from_scratch": {"type": "boolean"},
        "fromParts": {
            "type": ["object", "null"],
            "propertyNames": {"format": "uuid"},
            "additionalProperties": {"type": "integer"},
        },
        "shade": {"type": "integer", "not": {"const": 13}},
        "gloss": {
            "type": "integer",
            "not": {"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 5},
        },
    }
    parts["schemas"]["MakeWidget"]["oneOf"] = [
        {"required": ["from_scratch"]},
        {"required": ["fromParts"]},
    ]
    parts["schemas"]["MakeWidget"]["dependentRequired"] = {"gloss": ["shade"]}
    run = generate(parts)
    assert run.status == 0, run.err
    _python(
        run.package,
        """
        from coder_workspaces.models import MakeWidget
        def problem(**fields):
            try:
                MakeWidget(name="a", **fields)
            except ValueError as error:
                return str(error)
        assert problem(from_scratch=True, shade=12, gloss=5) is None
        assert "not neither" in problem()
        assert "not both" in problem(from_scratch=True, from_parts={})
        assert "the key 'x' is no UUID" in problem(from_parts={"x": 1})
        assert "shade: 13 is not allowed" in problem(from_scratch=True, shade=13)
        assert "gloss needs shade" in problem(from_scratch=True, gloss=5)
        assert "gloss: 4 is not allowed" in problem(from_scratch=True, shade=1, gloss=4)
        """,
    )


def test_examples_of_the_contract_become_examples_of_the_methods(
    generate: Generate, parts: Parts
) -> None:
    """A method shows the contract's example, or at least what it takes."""
    media = parts["document"]["paths"]["/widgets"]["post"]["requestBody"]["content"]
    run = generate(parts)
    assert run.status == 0, run.err
    resource = run.package / "resources" / "widgets.py"
    assert "client.widgets.make_widget(body=MakeWidget(...))" in resource.read_text()
    assert 'client.widgets.watch_widget("widget") as stream' in resource.read_text()
    media["application/json"]["example"] = {"name": "lamp", "ttl_ms": None}
    run = generate(parts)
    assert run.status == 0, run.err
    assert '...         name="lamp",' in resource.read_text()
    assert "...         ttl_ms=None," in resource.read_text()


def test_adding_an_operation(generate: Generate, parts: Parts) -> None:
    """A new operation has a module and a method."""
    parts["document"]["paths"]["/widgets/{widget}/polish"] = {
        "put": operation(
            "polishWidget",
            parameters=[
                {"name": "widget", "in": "path", "required": True, "schema": {"type": "string"}},
                {
                    "name": "how",
                    "in": "query",
                    "schema": {"type": "string", "enum": ["wet", "dry"]},
                },
            ],
        )
    }
    run = generate(parts)
    assert run.status == 0, run.err
    module = (run.package / "api" / "widgets" / "polish_widget.py").read_text()
    assert 'how: Literal["wet", "dry"] | None = None' in module
    _python(
        run.package,
        """
        from coder_workspaces.api.widgets import polish_widget
        with serve() as client:
            assert client.widgets.polish_widget("a b", how="wet") is None
            assert polish_widget.sync_detailed("c", client=client).status == 204
        assert [str(r.url.raw_path, "ascii") for r in seen] == [
            "/api/v2/widgets/a%20b/polish?how=wet", "/api/v2/widgets/c/polish"]
        assert seen[0].method == "PUT"
        """,
    )


def test_adding_a_resource(generate: Generate, parts: Parts) -> None:
    """A new tag is a new attribute of both clients."""
    parts["document"]["tags"].append({"name": "paint-shops", "description": "Where paint is."})
    parts["document"]["paths"]["/shops"] = {"post": operation("openShop", tag="paint-shops")}
    run = generate(parts)
    assert run.status == 0, run.err
    assert "Where paint is." in (run.package / "client.py").read_text()
    _python(
        run.package,
        """
        import anyio
        from coder_workspaces import AsyncClient
        with serve() as client:
            client.paint_shops.open_shop()
        async def main():
            transport = httpx2.MockTransport(lambda request: httpx2.Response(204))
            async with AsyncClient("http://localhost", transport=transport) as client:
                await client.paint_shops.open_shop()
        anyio.run(main)
        assert len(seen) == 1
        """,
    )


def test_parameters_of_every_kind(generate: Generate, parts: Parts) -> None:
    """Lists, enumerations, numbers, dates, times and nullable texts reach the address as text."""
    color = {"$ref": "components/schemas/main.yaml#/Color"}
    kinds: dict[str, Any] = {
        "colors": {"type": "array", "items": color},
        "ratio": {"type": "number"},
        "day": {"type": "string", "format": "date"},
        "moment": {"type": "string", "format": "date-time"},
        "flag": {"type": "boolean"},
        "word": {"type": ["string", "null"]},
        "item": {"type": "string", "format": "uuid"},
    }
    parameters = [{"name": name, "in": "query", "schema": kind} for name, kind in kinds.items()]
    parts["document"]["paths"]["/x"] = {"get": operation("findThings", parameters=parameters)}
    parts["schemas"]["Color"]["x-enum-varnames"] = ["ROUGE", "VERT"]
    run = generate(parts)
    assert run.status == 0, run.err
    module = (run.package / "api" / "widgets" / "find_things.py").read_text()
    assert "    day: date | None = None,\n    moment: datetime | None = None,\n" in module
    assert "    word: str | None = None,\n    item: UUID | str | None = None,\n" in module
    _python(
        run.package,
        """
        from datetime import UTC, date, datetime
        from coder_workspaces.models import Color
        with serve() as client:
            client.widgets.find_things(
                colors=[Color.ROUGE, Color("blue")], ratio=0.5, day=date(2025, 8, 1),
                moment=datetime(2025, 8, 1, tzinfo=UTC), flag=False, word="a&b",
            )
        assert seen[0].url.query.decode() == (
            "colors=red&colors=blue&ratio=0.5&day=2025-08-01"
            "&moment=2025-08-01T00%3A00%3A00%2B00%3A00&flag=false&word=a%26b")
        """,
    )


def test_schemas_of_every_kind(generate: Generate, parts: Parts) -> None:
    """Maps, nested lists, aliases, inheritance, self-reference and awkward names are understood."""
    parts["schemas"]["Counts"] = {"type": "object", "additionalProperties": {"type": "integer"}}
    parts["schemas"]["Label"] = {"type": "string"}
    parts["schemas"]["BigWidget"] = {
        "allOf": [
            {"$ref": "#/Widget"},
            {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}}},
        ]
    }
    parts["schemas"]["Widget"]["properties"] |= {
        "counts": {"$ref": "#/Counts"},
        "label": {"$ref": "#/Label"},
        "grid": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        "parent": {"oneOf": [{"$ref": "#/Widget"}, {"type": "null"}]},
        "by_color": {"type": "object", "additionalProperties": {"$ref": "#/Color"}},
        "anything": {},
        "class": {"type": "string"},
        "P95": {"type": "integer"},
    }
    answer = {"$ref": "components/schemas/main.yaml#/BigWidget"}
    content = {"application/json": {"schema": answer}}
    responses = {"200": {"description": "It.", "content": content}}
    parts["document"]["paths"]["/big"] = {"get": operation("getBig", responses=responses)}
    run = generate(parts)
    assert run.status == 0, run.err
    _python(
        run.package,
        """
        body = WIDGET | {
            "x": 1, "counts": {"a": 1}, "label": "l", "grid": [[0.5]], "parent": WIDGET,
            "by_color": {"k": "mauve"}, "anything": [None], "class": "c", "P95": 7,
        }
        with serve(body) as client:
            big = client.widgets.get_big()
        assert big.to_dict() == body
        assert (big.class_, big.p95, big.x, big.parent.color) == ("c", 7, 1, "red")
        """,
    )


def test_hostile_texts_stay_texts(generate: Generate, parts: Parts) -> None:
    """Quotes, backslashes and braces in descriptions do not become code."""
    nasty = 'Ends """ here \\ and {x} {{ y }} {% z %} \\N "'
    parts["schemas"]["Widget"]["description"] = nasty
    parts["schemas"]["Widget"]["properties"]["color"]["description"] = nasty
    parts["document"]["tags"][0]["description"] = nasty
    get = parts["document"]["paths"]["/widgets"]["get"]
    get["summary"] = get["description"] = nasty
    get["parameters"][0]["description"] = nasty
    run = generate(parts)
    assert run.status == 0, run.err
    _python(
        run.package,
        """
        from coder_workspaces.models import Widget
        assert '\"\"\" here' in Widget.__doc__
        with serve([WIDGET]) as client:
            assert '\"\"\" here' in type(client.widgets).list_widgets.__doc__
        """,
    )


def test_an_operation_without_security_sends_no_token(generate: Generate, parts: Parts) -> None:
    """Whether the token is sent follows from the contract."""
    parts["document"]["paths"]["/widgets"]["get"]["security"] = []
    run = generate(parts)
    _python(
        run.package,
        """
        from coder_workspaces.models import MakeWidget
        with serve([WIDGET]) as client:
            client.widgets.list_widgets()
        with serve(WIDGET, 201) as client:
            client.widgets.make_widget(body=MakeWidget(name="a"))
        assert ["coder-session-token" in r.headers for r in seen] == [False, True]
        """,
    )
