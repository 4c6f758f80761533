"""Finds out who asks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from coder_conformance.reference.domain.model import ApiKey, User
from coder_conformance.reference.http.context import Context, Request
from coder_conformance.reference.http.reply import Problem
from coder_conformance.reference.ids import KEY_ID_LENGTH, KEY_SECRET_LENGTH
from coder_conformance.reference.passwords import matches_secret
from coder_conformance.reference.rules.access import Actor
from coder_conformance.reference.rules.go import format_time_plain
from coder_conformance.reference.world import World

COOKIE = "coder_session_token"
HEADER = b"coder-session-token"
SIGNED_OUT = "You are signed out or your session has expired. Please sign in again to continue."
MISSING = 'Cookie "coder_session_token" or query parameter must be provided.'
# Uses and sightings are written down at most this often.
NOTE_INTERVAL = timedelta(minutes=1)
# A session is prolonged once it is this much older than new.
REFRESH_AFTER = timedelta(hours=1)


def find_token(request: Request) -> str:
    """Return the token of ``request`` from the first source that has one."""
    return (
        request.cookie(COOKIE)
        or request.query.first(COOKIE)
        or request.header(HEADER)
        or bearer_token(request)
        or request.query.first("access_token")
    )


def bearer_token(request: Request) -> str:
    """Return the token of the ``Authorization: Bearer`` header, empty if there is none."""
    scheme, _, token = request.header(b"authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def authenticate(context: Context) -> None:
    """Put the actor of the request into ``context``; raise the 401 answer if there is none."""
    token = find_token(context.request)
    if not token:
        raise _signed_out(context, MISSING)
    key_id, secret = _split(context, token)
    store = context.world.store
    now = context.world.clock.now()
    key = store.keys.get(key_id)
    if key is None:
        raise _signed_out(context, "API key is invalid.")
    if not matches_secret(secret, key.secret_hash):
        raise _signed_out(context, "API key secret is invalid.")
    if key.expires_at <= now:
        raise _signed_out(context, f'API key expired at "{format_time_plain(key.expires_at)}".')
    user = store.users[key.user_id]
    if user.deleted:
        raise _signed_out(context, "API key is invalid.")
    if user.status == "suspended":
        raise _unauthorized(
            context,
            'User is not active (status = "suspended"). '
            "Contact an admin to reactivate your account.",
        )
    _note_use(context.world, key, user)
    context.key_id = key.id
    context.actor_or_none = make_actor(context.world, user, key.scope)


def make_actor(world: World, user: User, scope: str = "all") -> Actor:
    """Return ``user`` as an actor with the rights of this moment."""
    memberships = world.store.memberships_of(user.id)
    organizations: dict[UUID, frozenset[str]] = {
        organization_id: frozenset(membership.roles)
        for organization_id, membership in memberships.items()
    }
    return Actor(user.id, user.username, frozenset(user.roles), organizations, scope)


def _split(context: Context, token: str) -> tuple[str, str]:
    parts = token.split("-")
    if len(parts) != 2:
        problem = f"incorrect amount of API key parts, expected 2 got {len(parts)}"
    elif len(parts[0]) != KEY_ID_LENGTH:
        problem = f"invalid API key ID length, expected {KEY_ID_LENGTH} got {len(parts[0])}"
    elif len(parts[1]) != KEY_SECRET_LENGTH:
        problem = f"invalid API key secret length, expected {KEY_SECRET_LENGTH} got {len(parts[1])}"
    else:
        return parts[0], parts[1]
    raise _signed_out(context, f"Invalid API key format: {problem}")


def _note_use(world: World, key: ApiKey, user: User) -> None:
    now = world.clock.now()
    lifetime = timedelta(seconds=key.lifetime)
    refresh = key.kind == "session" and now > key.expires_at - lifetime + REFRESH_AFTER
    if refresh:
        key.expires_at = now + lifetime
    if refresh or now - key.last_used >= NOTE_INTERVAL:
        key.last_used = now
        world.store.save(key)
    if user.status == "dormant":
        user.status = "active"
        user.last_seen_at = now
        world.store.save(user)
    elif now - user.last_seen_at >= NOTE_INTERVAL:
        user.last_seen_at = now
        world.store.note(user)


def _signed_out(context: Context, detail: str) -> Problem:
    return _unauthorized(context, SIGNED_OUT, detail)


def _unauthorized(context: Context, message: str, detail: str = "") -> Problem:
    expired = "expired" in message + detail
    description = "The access token has expired" if expired else "The access token is invalid"
    challenge = (
        f'Bearer realm="coder", error="invalid_token", error_description="{description}", '
        f'resource_metadata="{context.access_url}/.well-known/oauth-protected-resource"'
    )
    return Problem(
        401,
        message,
        detail=detail,
        headers=[(b"www-authenticate", challenge.encode("latin-1", "replace"))],
    )
