"""Descriptions of the contract as text in the generated code."""

from __future__ import annotations

import textwrap

from coder_generator.errors import GenerationError


def paragraphs(text: str, width: int) -> str:
    """Wrap a description, keeping its paragraphs.

    Raises:
        GenerationError: It has characters that source code should not have.
    """
    return "\n\n".join(
        textwrap.fill(one_line(part), width, break_long_words=False, break_on_hyphens=False)
        for part in text.strip().split("\n\n")
    )


def one_line(text: str) -> str:
    """Return a description as one line.

    Raises:
        GenerationError: It has characters that source code should not have.
    """
    line = " ".join(text.split())
    if not line.isprintable():
        raise GenerationError(
            f"A description of the contract has control characters; remove them: {line[:60]!r}."
        )
    return line


def in_docstring(text: str) -> str:
    """Return a text in the form that it needs between triple double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'{escaped[:-1]}\\"' if escaped.endswith('"') else escaped
