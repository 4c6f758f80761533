"""Users, their sessions and their tokens."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from coder_conformance.reference.domain.model import (
    ZERO_UUID,
    ApiKey,
    Membership,
    Organization,
    User,
)
from coder_conformance.reference.http.auth import COOKIE
from coder_conformance.reference.http.context import Context
from coder_conformance.reference.http.decode import Body
from coder_conformance.reference.http.render import Object, present
from coder_conformance.reference.http.reply import (
    Problem,
    Reply,
    envelope,
    forbidden,
    invalid,
    json_reply,
    not_found,
)
from coder_conformance.reference.passwords import hash_password, hash_secret, matches_password
from coder_conformance.reference.rules.access import (
    OWNER,
    SITE_ROLES,
    can_create_users,
    can_delete_users,
)
from coder_conformance.reference.rules.go import format_time
from coder_conformance.reference.rules.names import (
    is_valid_email,
    is_valid_name,
    is_valid_real_name,
    password_problem,
)

SESSION_LIFETIME = timedelta(hours=24)
TOKEN_LIFETIME = timedelta(days=30)
MAX_TOKEN_LIFETIME = timedelta(hours=876_600)
LOGIN_TYPES = ("password", "none", "github", "oidc")
STATUSES = ("active", "dormant", "suspended")
SCOPES = ("all", "application_connect")
NANOSECONDS = 1_000_000_000


def get_user(context: Context) -> Reply:
    """Return a user."""
    return json_reply(200, user_json(context, context.user))


def has_first_user(context: Context) -> Reply:
    """Tell whether the deployment has a user; 404 if it has none yet."""
    if _is_fresh(context):
        raise Problem(404, "The initial user has not been created!")
    return json_reply(200, envelope("The initial user has already been created!"))


def create_first_user(context: Context) -> Reply:
    """Create the owner of a deployment that has no user yet."""
    body = Body.parse(context.body, "CreateFirstUserRequest")
    email, username = body.text("email"), body.text("username")
    name, password = body.text("name"), body.text("password")
    body.finish()
    world = context.world
    if not _is_fresh(context):
        raise Problem(409, "The initial user has already been created.")
    faults = _email_faults(email) + _name_faults(username, name)
    if not password:
        faults.append(("password", "required", password))
    if faults:
        raise invalid(*faults)
    _check_password(password)
    now = world.clock.now()
    home = world.store.default_organization()
    if home is None:
        home = Organization(
            id=world.ids.uuid(),
            name="coder",
            display_name="Coder",
            is_default=True,
            created_at=now,
            updated_at=now,
        )
        world.store.save(home)
    user = _add_user(
        context,
        User(
            id=world.ids.uuid(),
            username=username,
            email=email,
            name=name.strip(),
            roles=[OWNER],
            password_hash=hash_password(password, world.ids),
            created_at=now,
            updated_at=now,
        ),
        [home.id],
    )
    return json_reply(201, {"user_id": str(user.id), "organization_id": str(home.id)})


def login_with_password(context: Context) -> Reply:
    """Open a session."""
    body = Body.parse(context.body, "LoginWithPasswordRequest")
    email, password = body.text("email"), body.text("password")
    body.finish()
    faults = _email_faults(email)
    if not password:
        faults.append(("password", "required", password))
    if faults:
        raise invalid(*faults)
    world = context.world
    user = world.store.user_with_email(email)
    if user is not None and user.login_type != "password":
        raise Problem(
            403,
            'Incorrect login type, attempting to use "password" but user is of login type '
            f'"{user.login_type}"',
        )
    if user is None or not matches_password(password, user.password_hash):
        raise Problem(401, "Incorrect email or password.")
    if user.status == "suspended":
        raise Problem(401, "Your account is suspended. Contact an admin to reactivate it.")
    if user.status == "dormant":
        user.status = "active"
        world.store.save(user)
    token = _add_key(context, user, SESSION_LIFETIME, kind="session")
    reply = json_reply(201, {"session_token": token})
    cookie = f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax"
    reply.headers.append((b"set-cookie", cookie.encode()))
    return reply


def create_user(context: Context) -> Reply:
    """Create a user."""
    body = Body.parse(context.body, "CreateUserRequestWithOrgs")
    email, username = body.text("email"), body.text("username")
    name, password = body.text("name"), body.text("password")
    login_type = body.text("login_type", "codersdk.LoginType") or "password"
    status = body.text("user_status", "codersdk.UserStatus") or "dormant"
    organization_ids = body.uuids("organization_ids")
    body.finish()
    faults = _email_faults(email) + _name_faults(username, name)
    if faults:
        raise invalid(*faults)
    _check_choices(login_type, status)
    if not organization_ids:
        raise Problem(
            400,
            "No organization was given for the user; at least one is required.",
            validations=[("organization_ids", "Missing values, this cannot be empty")],
        )
    if not can_create_users(context.actor):
        raise Problem(403, "You are not authorized to create users.")
    homes = [_organization(context, wanted) for wanted in organization_ids]
    store = context.world.store
    if store.user_named(username) or store.user_with_email(email):
        raise Problem(409, "User already exists.")
    if login_type == "password":
        _check_password(password)
    elif password:
        raise Problem(
            400,
            f'A password cannot be set for the login type "{login_type}".',
            validations=[("password", "must be empty for this login type")],
        )
    now = context.world.clock.now()
    user = User(
        id=context.world.ids.uuid(),
        username=username,
        email=email,
        name=name,
        status=status,
        login_type=login_type,
        password_hash=hash_password(password, context.world.ids) if password else "",
        created_at=now,
        updated_at=now,
    )
    _add_user(context, user, [home.id for home in homes])
    return json_reply(201, user_json(context, user))


def delete_user(context: Context) -> Reply:
    """Delete a user who has no workspaces; the name is free again and the tokens are void."""
    user, store = context.user, context.world.store
    if user.id == context.actor.user_id:
        raise Problem(403, "Nobody can delete themselves.")
    if any(workspace.owner_id == user.id for workspace in store.live_workspaces()):
        raise Problem(417, "The user still has workspaces; delete them first.")
    if user.is_system or not can_delete_users(context.actor):
        raise forbidden()
    user.deleted = True
    user.updated_at = context.world.clock.now()
    store.save(user)
    return json_reply(200, envelope("The user was deleted."))


def update_user_roles(context: Context) -> Reply:
    """Replace the site roles of a user."""
    body = Body.parse(context.body, "UpdateRoles")
    roles = list(dict.fromkeys(body.texts("roles")))
    body.finish()
    if not context.actor.is_owner or context.actor.scope != "all":
        raise forbidden()
    user = context.user
    if user.id == context.actor.user_id:
        raise Problem(400, "You cannot change your own roles.")
    # Everybody is a member; saying so is neither needed nor wrong.
    roles = [role for role in roles if role != "member"]
    unknown = [role for role in roles if role not in SITE_ROLES]
    if unknown:
        raise Problem(
            400,
            "One or more of the roles are not site roles.",
            validations=[("roles", f'"{role}" is not a site role') for role in unknown],
        )
    user.roles = roles
    user.updated_at = context.world.clock.now()
    context.world.store.save(user)
    return json_reply(200, user_json(context, user))


def create_token(context: Context) -> Reply:
    """Create a token."""
    body = Body.parse(context.body, "CreateTokenRequest")
    nanoseconds = body.integer("lifetime", "time.Duration")
    scope = body.text("scope", "codersdk.APIKeyScope") or "all"
    token_name = body.text("token_name")
    body.finish()
    if scope not in SCOPES:
        raise Problem(
            400,
            "Failed to validate create API key request.",
            validations=[("scope", f"must be one of {', '.join(SCOPES)}")],
        )
    lifetime = timedelta(seconds=nanoseconds / NANOSECONDS) if nanoseconds else TOKEN_LIFETIME
    if lifetime <= timedelta() or lifetime > MAX_TOKEN_LIFETIME:
        raise Problem(
            400,
            "Failed to validate create API key request.",
            detail="lifetime must be positive and at most "
            f"{int(MAX_TOKEN_LIFETIME.total_seconds() // 3600)} hours",
        )
    user = context.user
    if user.id != context.actor.user_id and not context.actor.is_owner:
        raise forbidden()
    if context.actor.scope != "all":
        raise forbidden()
    keys = context.world.store.keys.values()
    if token_name and any(k.user_id == user.id and k.token_name == token_name for k in keys):
        raise Problem(
            409,
            f'A token with name "{token_name}" already exists.',
            validations=[("name", "This value is already in use and should be unique.")],
        )
    name = token_name or f"token-{context.world.ids.text(8).lower()}"
    token = _add_key(context, user, lifetime, scope=scope, token_name=name)
    return json_reply(201, {"key": token})


def user_json(context: Context, user: User) -> Object:
    """Return a user as clients see them."""
    homes = [str(home) for home in context.world.store.memberships_of(user.id)]
    return {
        "id": str(user.id),
        "username": user.username,
        **present(avatar_url=user.avatar_url, name=user.name),
        "email": user.email,
        "created_at": format_time(user.created_at),
        "updated_at": format_time(user.updated_at),
        "last_seen_at": format_time(user.last_seen_at),
        "status": user.status,
        "login_type": user.login_type,
        "organization_ids": homes,
        "roles": [{"name": role, "display_name": SITE_ROLES[role]} for role in user.roles],
    }


def _is_fresh(context: Context) -> bool:
    return all(user.is_system for user in context.world.store.users.values())


def _email_faults(email: str) -> list[tuple[str, str, str]]:
    if not email:
        return [("email", "required", email)]
    return [] if is_valid_email(email) else [("email", "email", email)]


def _name_faults(username: str, name: str) -> list[tuple[str, str, str]]:
    faults: list[tuple[str, str, str]] = []
    if not username:
        faults.append(("username", "required", username))
    elif not is_valid_name(username):
        faults.append(("username", "username", username))
    if not is_valid_real_name(name):
        faults.append(("name", "user_real_name", name))
    return faults


def _check_choices(login_type: str, status: str) -> None:
    wrong: list[tuple[str, str]] = []
    if login_type not in LOGIN_TYPES:
        wrong.append(("login_type", f"must be one of {', '.join(LOGIN_TYPES)}"))
    if status not in STATUSES:
        wrong.append(("user_status", f"must be one of {', '.join(STATUSES)}"))
    if wrong:
        raise Problem(400, "Invalid request to create a user.", validations=wrong)


def _check_password(password: str) -> None:
    problem = password_problem(password)
    if problem is not None:
        raise Problem(400, "Password is invalid", validations=[("password", problem)])


def _organization(context: Context, wanted: UUID) -> Organization:
    store = context.world.store
    found = store.default_organization() if wanted == ZERO_UUID else store.organizations.get(wanted)
    if found is None:
        raise not_found()
    return found


def _add_user(context: Context, user: User, homes: list[UUID]) -> User:
    store = context.world.store
    store.save(user)
    for home in dict.fromkeys(homes):
        store.save(Membership(organization_id=home, user_id=user.id))
    return user


def _add_key(
    context: Context,
    user: User,
    lifetime: timedelta,
    *,
    kind: str = "token",
    scope: str = "all",
    token_name: str = "",
) -> str:
    key_id, secret = context.world.ids.key()
    now = context.world.clock.now()
    context.world.store.save(
        ApiKey(
            id=key_id,
            user_id=user.id,
            secret_hash=hash_secret(secret),
            created_at=now,
            expires_at=now + lifetime,
            lifetime=lifetime.total_seconds(),
            scope=scope,
            token_name=token_name,
            kind=kind,
        )
    )
    return f"{key_id}-{secret}"
