"""The one exception of the generator."""

from __future__ import annotations


class GenerationError(Exception):
    """The client cannot be generated. The text is a finished sentence: place, reason, remedy."""
