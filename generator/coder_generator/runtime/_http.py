"""Small things around the HTTP library."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

from coder_workspaces.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx2

    from coder_workspaces._config import Settings


def blocked_cookies() -> CookieJar:
    """Return a cookie jar that takes nothing in."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def require_open(http: httpx2.Client | httpx2.AsyncClient) -> None:
    """Check that a client can still be used.

    Raises:
        ConfigurationError: It was closed.
    """
    if http.is_closed:
        raise ConfigurationError("The client was closed; make a new one.")


def describe(client: object, settings: Settings) -> str:
    """Return a client's repr, which says whether there is a token but not which."""
    token = "set" if settings.token else "none"
    return f"{type(client).__name__}(base_url={settings.base_url!r}, token={token})"
