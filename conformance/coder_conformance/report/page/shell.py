"""What every page has: the document around it, with styles and script inlined."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from string import Template

from ..visible import in_html, shortened

_ASSETS = Path(__file__).resolve().parent.parent / "assets"


def document(title: str, body: str) -> str:
    """A whole page.

    Its content security policy lets run only the script that is part of it, and nothing load: even
    if text of a server got through as markup, it could do nothing.

    Args:
        title: Its title, as text.
        body: Its content, as HTML.
    """
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    return Template(_asset("report.html")).substitute(
        title=in_html(shortened(title, 200)),
        policy=in_html(policy),
        style=style,
        script=script,
        body=body,
    )


@lru_cache(maxsize=4)
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
