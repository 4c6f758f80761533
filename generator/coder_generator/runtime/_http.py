"""Small things around the HTTP library."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from coder_workspaces.errors import ConfigurationError

if TYPE_CHECKING:
    import httpx2

    from coder_workspaces._config import Settings


def blocked_cookies() -> CookieJar:
    """Return a cookie jar that takes nothing in."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def require_one_way(
    transport: object, http_client: object, proxy: object, ssl_context: object
) -> None:
    """Check that how to connect is not said twice.

    Raises:
        ConfigurationError: It is.
    """
    if transport is not None and http_client is not None:
        raise ConfigurationError("Give either transport or http_client, not both.")
    if (transport or http_client) is not None and (proxy or ssl_context) is not None:
        raise ConfigurationError(
            "proxy and ssl_context are for the client's own connections; configure the given "
            "transport or http_client instead."
        )


def check_proxy(proxy: str | None) -> str | None:
    """Return the address of a proxy as it was given.

    Raises:
        ConfigurationError: It cannot be one. The message does not repeat it, since it may contain
            credentials.
    """
    if proxy is None:
        return None
    try:
        parts = urlsplit(proxy)
        is_fine = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_fine = False
        parts = urlsplit("")
    if not is_fine or parts.scheme not in {"http", "https", "socks5", "socks5h"}:
        raise ConfigurationError("proxy is no address such as http://proxy.example.com:3128.")
    return proxy


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
