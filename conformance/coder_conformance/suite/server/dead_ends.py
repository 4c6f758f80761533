"""What is answered where nothing is: to paths that no route has."""

from __future__ import annotations

from ...exchange import Exchange
from ...results import Mismatch

UNKNOWN = {"message": "Route not found."}


def unknown(answer: Exchange) -> None:
    """404 with the envelope that says so."""
    is_json = answer.media_type == "application/json"
    if answer.status != 404 or not is_json or answer.json() != UNKNOWN:
        raise Mismatch(f"404 with {UNKNOWN}", answer.answer(), answer)
