"""Docstrings of the generated code."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from coder_generator.naming import snake_case
from coder_generator.texts import in_docstring, one_line, paragraphs

if TYPE_CHECKING:
    from coder_generator.endpoints import EndpointView

_WIDTH = 96
_EXAMPLE_WIDTH = 70
# Statuses with an exception of their own, as in the runtime's errors module.
_EXCEPTIONS = {
    400: "InvalidRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    406: "NotAcceptableError",
    409: "ConflictError",
    410: "GoneError",
    412: "PreconditionFailedError",
    429: "RateLimitError",
}


def exception_name(status: int) -> str:
    """Return the name of the exception that a status becomes."""
    if status >= 500:
        return "ServerError"
    return _EXCEPTIONS.get(status, "UnexpectedStatusError")


def docstring(view: EndpointView, kind: str, indent: int, example: str = "") -> str:
    """Return the docstring of one function.

    Args:
        view: The operation.
        kind: ``parsed``, ``detailed`` or ``stream``: what the function returns.
        indent: Columns that the function's body is indented by.
        example: Kind of client to show an example call of: ``blocking``, ``asynchronous``, or
            neither.
    """
    operation = view.operation
    width = _WIDTH - indent
    blocks = [paragraphs(operation.summary, width)]
    if operation.description:
        blocks.append(paragraphs(operation.description, width))
    if operation.deprecated:
        blocks.append("Deprecated: prefer another operation where the server has it.")
    if view.arguments:
        items = [(argument.name, argument.description) for argument in view.arguments]
        options = ("options", "Settings for this call only.")
        blocks.append(_section("Args", [*items, options], width))
    blocks.append(_section("Returns", [("", _returns(view, kind))], width))
    blocks.append(_section("Raises", _raises(view), width))
    if example:
        blocks.append(_example(view, is_async=example == "asynchronous"))
    text = in_docstring("\n\n".join(blocks))
    return '"""' + textwrap.indent(text, " " * indent).lstrip() + "\n" + " " * indent + '"""'


def _returns(view: EndpointView, kind: str) -> str:
    if kind == "stream":
        return f"A stream of {view.item}; connect by entering it with a with statement."
    said = " ".join(
        f"{success.status}: {success.description}" for success in view.operation.successes
    )
    return said if kind == "parsed" else f"The answer with status, headers and body. {said}"


def _raises(view: EndpointView) -> list[tuple[str, str]]:
    by_name: dict[str, list[str]] = {}
    for failure in view.operation.failures:
        text = f"{failure.status}: {failure.description}"
        by_name.setdefault(exception_name(failure.status), []).append(text)
    return [(name, " ".join(texts)) for name, texts in by_name.items()] + [
        ("ConnectionFailedError", "There was no complete answer."),
        ("DecodingError", "The answer does not fit the contract."),
    ]


def _example(view: EndpointView, *, is_async: bool) -> str:
    operation = view.operation
    method = f"client.{operation.resource}.{operation.name}"
    lines = [method + "()"]
    if view.example:
        lines = [f"{method}(", *(f"    {line}" for line in view.example), ")"]
    short = f"{method}({' '.join(view.example).removesuffix(',')})"
    if len(view.example) == 1 and len(short) <= _EXAMPLE_WIDTH:
        lines = [short]
    word = "async " if is_async else ""
    if operation.stream is not None:
        lines[0] = f"{word}with {lines[0]}"
        lines[-1] += " as stream:"
        lines += [f"    {word}for {snake_case(view.item)} in stream:", "        ..."]
    else:
        # So that what a doctest would show is nothing.
        result = "" if view.result == "None" else "result = "
        lines[0] = f"{result}{'await ' if is_async else ''}{lines[0]}"
    first, *rest = lines
    shown = [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
    return "Examples:\n" + textwrap.indent("\n".join(shown), " " * 4)


def _section(title: str, items: list[tuple[str, str]], width: int) -> str:
    lines = [f"{title}:"]
    for name, text in items:
        entry = f"{name}: {one_line(text)}" if name else one_line(text)
        lines.append(
            textwrap.fill(
                entry,
                width,
                initial_indent=" " * 4,
                subsequent_indent=" " * (8 if name else 4),
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return "\n".join(lines)
