"""Generates endpoint functions, resources and clients with openapi-python-client.

The tool parses the operations and their parameters; what it renders are the templates beside this
module. Its own models, client and project files are not written.
"""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import StrictUndefined
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError

from coder_generator.docstrings import docstring
from coder_generator.errors import GenerationError
from coder_generator.examples import example_call
from coder_generator.helpers import mixins_for
from coder_generator.models import module_name
from coder_generator.naming import pascal_case
from coder_generator.prepare import endpoints_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openapi_python_client.parser.openapi import Endpoint
    from openapi_python_client.parser.properties import Property

    from coder_generator.operations import OperationView
    from coder_spec import Contract

TEMPLATES = Path(__file__).parent / "templates"
_WORD = re.compile(r"\b[A-Z]\w*")


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of an endpoint function.

    Attributes:
        name: Python name.
        wire_name: The contract's name.
        annotation: Type, None included where the argument may be left out.
        required: Whether it must be given.
        description: What it means.
    """

    name: str
    wire_name: str
    annotation: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class EndpointView:
    """Everything that the templates need about one operation.

    Attributes:
        operation: The operation.
        path: The path as the text of an f-string.
        path_arguments: Arguments that are part of the path, in its order.
        query_arguments: Arguments of the query string.
        body: The body's argument, or None.
        result: Type of the decoded success.
        decoders: Decoder expression of each success status.
        item: Type of a stream's items, or an empty string.
        models: Schemas whose classes the signature or the decoders name.
        imports: Import lines of other types.
        example: Arguments of an example call, as lines of source code.
    """

    operation: OperationView
    path: str
    path_arguments: tuple[Argument, ...]
    query_arguments: tuple[Argument, ...]
    body: Argument | None
    result: str
    decoders: dict[int, str]
    item: str
    models: tuple[str, ...]
    imports: tuple[str, ...]
    example: tuple[str, ...]

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Every argument, in the order of the signature."""
        body = () if self.body is None else (self.body,)
        return (*self.path_arguments, *body, *self.query_arguments)

    @property
    def keyword_arguments(self) -> tuple[Argument, ...]:
        """The arguments that are given by name."""
        return self.arguments[len(self.path_arguments) :]


class _Endpoints(Project):
    """The tool's project, reduced to what is rendered from the parsed operations."""

    files: dict[str, str]

    def render(self, views: list[EndpointView], context: dict[str, Any]) -> dict[str, str]:
        """Render every file.

        Returns:
            Source by path below the package.
        """
        self.env.undefined = StrictUndefined
        filters: dict[str, Any] = {"docstring": docstring, "pascal": pascal_case}
        for name, function in filters.items():
            self.env.filters[name] = function
        variables: dict[str, Any] = {**context, "module_name": module_name}
        for name, value in variables.items():
            self.env.globals[name] = value
        resources: dict[str, list[EndpointView]] = {}
        for view in views:
            resources.setdefault(view.operation.resource, []).append(view)
        files = {"api/__init__.py": self._render("api_init", resources=resources)}
        for name, members in resources.items():
            files[f"api/{name}/__init__.py"] = self._render(
                "endpoint_init", name=name, views=members
            )
            for view in members:
                files[f"api/{name}/{view.operation.name}.py"] = self._render(
                    "endpoint_module", view=view
                )
        for package, is_async in (("resources", False), ("async_resources", True)):
            files[f"{package}/__init__.py"] = self._render("resources_init", is_async=is_async)
            for name, members in resources.items():
                mixins = mixins_for(name, is_async, (view.operation.id for view in views))
                files[f"{package}/{name}.py"] = self._render(
                    "resource", name=name, views=members, mixins=mixins, is_async=is_async
                )
        for kind in ("client", "async_client"):
            files[f"{kind}.py"] = self._render(kind, resources=resources)
        files["__init__.py"] = self._render("package_init", resources=resources)
        files["models/__init__.py"] = self._render("models_init")
        files["_contract.py"] = self._render("contract")
        return files

    def _render(self, template: str, **context: Any) -> str:
        return self.env.get_template(f"{template}.py.jinja").render(**context)


def generate_endpoints(
    contract: Contract, operations: list[OperationView], context: dict[str, Any]
) -> dict[str, str]:
    """Generate everything that follows the operations.

    Args:
        contract: The contract.
        operations: Its operations.
        context: Further variables of the templates.

    Returns:
        Source by path below the package, unformatted.

    Raises:
        GenerationError: The tool failed, warned, or left an operation out.
    """
    config = Config.from_sources(
        ConfigFile(field_prefix="invalid_"),
        MetaType.NONE,
        document_source=Path("openapi.yaml"),
        file_encoding="utf-8",
        overwrite=False,
        output_path=None,
    )
    with redirect_stdout(io.StringIO()):
        data = GeneratorData.from_dict(endpoints_document(contract, operations), config=config)
    if isinstance(data, GeneratorError):
        raise GenerationError(
            f"The contract cannot be read as OpenAPI 3.1: {_one_line(data.detail or data.header)} "
            "Correct it and run again."
        )
    _require_no_problems(data)
    endpoints = {
        str(endpoint.name): endpoint
        for collection in data.endpoint_collections_by_tag.values()
        for endpoint in collection.endpoints
    }
    missing = [view.id for view in operations if view.name not in endpoints]
    if missing or len(endpoints) != len(operations):
        raise GenerationError(
            f"{len(operations)} operations became {len(endpoints)} endpoints; without one: "
            f"{', '.join(missing) or 'none'}. Compare the names in the contract."
        )
    schemas = contract.document["components"]["schemas"]
    views = [
        _endpoint_view(view, endpoints[view.name], schemas, example_call(contract, view))
        for view in operations
    ]
    project = _Endpoints(openapi=data, config=config, custom_template_path=TEMPLATES)
    return project.render(views, context)


def _require_no_problems(data: GeneratorData) -> None:
    problems = list(data.errors)
    for collection in data.endpoint_collections_by_tag.values():
        problems.extend(collection.parse_errors)
    if problems:
        text = "; ".join(
            _one_line(f"{problem.header} {problem.detail or ''}") for problem in problems
        )
        raise GenerationError(f"The endpoints cannot be generated: {text}")


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if line.endswith(".") else f"{line}."


def _endpoint_view(
    operation: OperationView,
    endpoint: Endpoint,
    schemas: dict[str, Any],
    example: tuple[str, ...],
) -> EndpointView:
    path_arguments = tuple(_argument(operation, item) for item in endpoint.path_parameters)
    query_arguments = tuple(_argument(operation, item) for item in endpoint.query_parameters)
    body: Argument | None = None
    if operation.body is not None:
        annotation = operation.body.model
        if not operation.body.required:
            annotation += " | None"
        required = operation.body.required
        body = Argument("body", "", annotation, required, operation.body.description)
    types: dict[int, str] = {}
    for response in endpoint.responses.patterns:
        if response.status_code.range is not None:
            code = response.prop.get_type_string().as_unembedded_code()
            types[response.status_code.range[0]] = code
    decoders: dict[int, str] = {}
    results: list[str] = []
    for success in operation.successes:
        if success.schema is None:
            decoders[success.status] = "NOTHING"
            results.append("None")
        else:
            decoders[success.status] = f"Decoder({types[success.status]})"
            results.append(types[success.status])
    item = "" if operation.stream is None else types[200]
    arguments = (*path_arguments, *query_arguments, *(() if body is None else (body,)))
    mentioned = " ".join([*(argument.annotation for argument in arguments), *results, item])
    models, imports = _names(operation, mentioned, schemas)
    path = re.sub(
        r"\{(\w+)\}",
        lambda match: f"{{path_segment('{match[1]}', {match[1]})}}",
        str(endpoint.path.get_untrusted_value()),
    )
    return EndpointView(
        operation=operation,
        path=path,
        path_arguments=path_arguments,
        query_arguments=query_arguments,
        body=body,
        result=" | ".join(dict.fromkeys(sorted(results, key=lambda text: text == "None"))),
        decoders=decoders,
        item=item,
        models=models,
        imports=imports,
        example=example,
    )


def _argument(operation: OperationView, prop: Property) -> Argument:
    wire_name = prop.name.get_untrusted_value()
    parameter = operation.parameter(wire_name)
    code = prop.get_type_string(no_optional=True).as_unembedded_code()
    code = re.sub(r"\bdatetime\.(datetime|date)\b", r"\1", code)
    # Null means nothing in an address: a parameter is there or not.
    alternatives = [part for part in code.split(" | ") if part != "None"]
    if alternatives == ["UUID"]:
        alternatives.append("str")
    annotation = " | ".join(alternatives)
    values = parameter["schema"].get("enum")
    if values is not None and "$ref" not in parameter["schema"]:
        annotation = f"Literal[{', '.join(json.dumps(value) for value in values)}]"
    required = bool(parameter.get("required", False))
    if not required:
        annotation += " | None"
    description = str(parameter.get("description") or "").strip()
    default = parameter.get("schema", {}).get("default")
    if default is not None:
        description += f" Default of the server: {str(default).lower()}."
    return Argument(str(prop.python_name), wire_name, annotation, required, description)


def _names(
    operation: OperationView, code: str, schemas: Iterable[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the models and the import lines that some code needs."""
    words = set(_WORD.findall(re.sub(r'"[^"]*"', "", code))) - {"None", "Literal"}
    models = tuple(sorted(words & set(schemas)))
    imports: list[str] = []
    if "Literal[" in code:
        imports.append("from typing import Literal")
    if "UUID" in words:
        imports.append("from uuid import UUID")
    imports.extend(
        f"from datetime import {name}"
        for name in ("date", "datetime")
        if re.search(rf"\b{name}\b", code)
    )
    unknown = sorted(words - set(models) - {"UUID"})
    if unknown:
        raise GenerationError(
            f"The operation {operation.id} uses a type without a name ({', '.join(unknown)}); move "
            "its schema below components/schemas and refer to it."
        )
    return models, tuple(imports)
