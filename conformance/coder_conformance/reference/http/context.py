"""A request on its way to being answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from coder_conformance.reference.domain.model import (
    Build,
    Organization,
    Template,
    TemplateVersion,
    User,
    Workspace,
)
from coder_conformance.reference.http.params import Query
from coder_conformance.reference.http.reply import Header
from coder_conformance.reference.http.workspace_json import WorkspaceJson
from coder_conformance.reference.rules.access import Actor
from coder_conformance.reference.world import World

T = TypeVar("T")


class Request:
    """What a client sent, apart from the body."""

    def __init__(self, scope: Any) -> None:
        """Take an ASGI scope of type ``http`` or ``websocket``."""
        self.is_websocket: bool = scope["type"] == "websocket"
        self.method: str = "GET" if self.is_websocket else scope["method"]
        self.path: str = scope["path"]
        self.query = Query(scope["query_string"].decode("latin-1"))
        self.scheme: str = scope.get("scheme", "http")
        client = scope.get("client")
        self.client_ip: str = client[0] if client else ""
        self._headers: list[tuple[bytes, bytes]] = list(scope["headers"])

    def header(self, name: bytes) -> str:
        """Return the first header of this lower-case name, empty if there is none."""
        for key, value in self._headers:
            if key == name:
                return value.decode("latin-1").strip()
        return ""

    def has_header(self, name: bytes) -> bool:
        """Tell whether there is a header of this lower-case name."""
        return any(key == name for key, _ in self._headers)

    def headers(self, name: bytes) -> Iterable[str]:
        """Yield all headers of this lower-case name."""
        return (value.decode("latin-1") for key, value in self._headers if key == name)

    def cookie(self, name: str) -> str:
        """Return the first cookie of this name, empty if there is none."""
        for line in self.headers(b"cookie"):
            for part in line.split(";"):
                key, _, value = part.strip().partition("=")
                if key == name:
                    return value.strip('"')
        return ""


class Context:
    """A request together with what was found out about it so far.

    The guards of the route fill in the records; reading one that no guard fills is a mistake of
    the program and raises :class:`LookupError`.
    """

    __slots__ = (
        "_found",
        "actor_or_none",
        "body",
        "headers",
        "key_id",
        "names",
        "request",
        "workspace_json",
        "world",
    )

    def __init__(self, world: World, workspace_json: WorkspaceJson, request: Request) -> None:
        """Start with nothing found out."""
        self.world = world
        self.workspace_json = workspace_json
        self.request = request
        self.body = b""
        self.headers: list[Header] = []
        self.names: dict[str, str] = {}
        self.actor_or_none: Actor | None = None
        self.key_id = ""
        self._found: dict[str, Any] = {}

    def put(self, name: str, record: object) -> None:
        """Keep a record for the handler."""
        self._found[name] = record

    @property
    def actor(self) -> Actor:
        """Who asks."""
        if self.actor_or_none is None:
            raise LookupError("this route does not authenticate")
        return self.actor_or_none

    @property
    def user(self) -> User:
        """The user named in the path."""
        return self._get("user", User)

    @property
    def organization(self) -> Organization:
        """The organization named in the path."""
        return self._get("organization", Organization)

    @property
    def template(self) -> Template:
        """The template named in the path."""
        return self._get("template", Template)

    @property
    def version(self) -> TemplateVersion:
        """The template version named in the path."""
        return self._get("version", TemplateVersion)

    @property
    def workspace(self) -> Workspace:
        """The workspace named in the path, or that of the build named there."""
        return self._get("workspace", Workspace)

    @property
    def build(self) -> Build:
        """The build named in the path."""
        return self._get("build", Build)

    @property
    def access_url(self) -> str:
        """The URL under which the client reaches the server."""
        if self.world.settings.access_url:
            return self.world.settings.access_url.rstrip("/")
        return f"http://{self.request.header(b'host') or 'localhost'}"

    def latest_build(self, workspace_id: UUID) -> Build:
        """Return the latest build of a workspace."""
        return self.world.store.latest[workspace_id]

    def _get(self, name: str, kind: type[T]) -> T:
        found = self._found.get(name)
        if not isinstance(found, kind):
            raise LookupError(f"this route has no {name}")
        return found
