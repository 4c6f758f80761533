"""Turns the description of contents into records of a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from coder_conformance.reference.domain.model import (
    PREBUILDS_USER_ID,
    ApiKey,
    Job,
    Membership,
    Organization,
    Preset,
    Template,
    TemplateVersion,
    User,
    Workspace,
)
from coder_conformance.reference.lifecycle.builds import BuildOrder
from coder_conformance.reference.passwords import hash_password, hash_secret
from coder_conformance.reference.rules.parameters import resolve
from coder_conformance.reference.rules.schedule import ScheduleError, parse_schedule
from coder_conformance.reference.rules.ttl import MAX_TTL_MS, TTLError, check_ttl
from coder_conformance.reference.seed.check import (
    YEAR_SECONDS,
    SeedError,
    check_email,
    check_name,
    check_parameter,
    check_range,
    check_resources,
    split_token,
)
from coder_conformance.reference.seed.default import default_resources
from coder_conformance.reference.seed.model import (
    GeneratedSeed,
    OrganizationSeed,
    Seed,
    TemplateSeed,
    UserSeed,
    VersionSeed,
    WorkspaceSeed,
)
from coder_conformance.reference.world import World

MAX_DORMANT_MS = 10 * YEAR_SECONDS * 1000
MOST_GENERATED = 1_000_000
TOKEN_LIFETIME = timedelta(days=365 * 50)


def plant(world: World, seed: Seed) -> None:
    """Put the contents described by ``seed`` into ``world``; raise :class:`SeedError`."""
    planter = _Planter(world)
    for index, organization in enumerate(seed.organizations):
        planter.organization(organization, f"organizations[{index}]", default=index == 0)
    for index, user in enumerate(seed.users):
        planter.user(user, f"users[{index}]")
    for index, template in enumerate(seed.templates):
        planter.template(template, f"templates[{index}]")
    for index, workspace in enumerate(seed.workspaces):
        planter.workspace(workspace, f"workspaces[{index}]")
    for index, group in enumerate(seed.generate):
        planter.generated(group, f"generate[{index}]")


def add_prebuilds_user(world: World, organization: Organization) -> None:
    """Make sure that the owner of prepared workspaces exists and belongs to ``organization``."""
    now = world.clock.now()
    if PREBUILDS_USER_ID not in world.store.users:
        world.store.save(
            User(
                id=PREBUILDS_USER_ID,
                username="prebuilds",
                email="prebuilds@system",
                name="Prebuilds Owner",
                login_type="none",
                created_at=now,
                updated_at=now,
                is_system=True,
            )
        )
    membership = Membership(organization_id=organization.id, user_id=PREBUILDS_USER_ID)
    world.store.save(membership)


class _Planter:
    """Makes one record after another and looks up what they refer to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._store = world.store
        self._now: datetime = world.clock.now()
        self._templates: dict[str, Template] = {}

    def organization(self, seed: OrganizationSeed, place: str, *, default: bool) -> None:
        check_name(seed.name, f"{place}.name")
        if self._store.organization_named(seed.name) is not None:
            raise SeedError(f"{place}.name: there is another organization named {seed.name!r}")
        self._store.save(
            Organization(
                id=self._world.ids.uuid(),
                name=seed.name,
                display_name=seed.display_name or seed.name,
                description=seed.description,
                icon=seed.icon,
                is_default=default,
                created_at=self._now,
                updated_at=self._now,
            )
        )

    def user(self, seed: UserSeed, place: str) -> None:
        check_name(seed.username, f"{place}.username")
        email = seed.email or f"{seed.username}@coder.example"
        check_email(email, f"{place}.email")
        if self._store.user_named(seed.username) or self._store.user_with_email(email):
            raise SeedError(f"{place}: there is another user with this username or e-mail address")
        user = User(
            id=self._world.ids.uuid(),
            username=seed.username,
            email=email,
            name=seed.name,
            status=seed.status,
            login_type=seed.login_type,
            roles=list(seed.roles),
            password_hash=hash_password(seed.password, self._world.ids) if seed.password else "",
            created_at=self._now,
            updated_at=self._now,
        )
        self._store.save(user)
        memberships: Mapping[str, list[str]] = (
            {self._default_name(place): []}
            if seed.organizations is None
            else {name: list(roles) for name, roles in seed.organizations.items()}
        )
        for name, roles in memberships.items():
            home = self._organization(name, f"{place}.organizations")
            membership = Membership(organization_id=home.id, user_id=user.id, roles=roles)
            self._store.save(membership)
        if seed.token:
            self._token(user, seed.token, f"{place}.token")

    def template(self, seed: TemplateSeed, place: str) -> None:
        check_name(seed.name, f"{place}.name")
        if seed.name.lower() in self._templates:
            raise SeedError(f"{place}.name: there is another template named {seed.name!r}")
        if not seed.versions:
            raise SeedError(f"{place}.versions: a template needs at least one version")
        for name in ("default_ttl_ms", "activity_bump_ms"):
            check_range(getattr(seed, name), MAX_TTL_MS, f"{place}.{name}")
        for name in ("time_til_dormant_ms", "time_til_dormant_autodelete_ms"):
            check_range(getattr(seed, name), MAX_DORMANT_MS, f"{place}.{name}")
        home = self._organization(
            seed.organization or self._default_name(place), f"{place}.organization"
        )
        author = next((u for u in self._store.users.values() if not u.is_system), None)
        if author is None:
            raise SeedError(f"{place}: a template needs a user who made it, so name one in 'users'")
        template_id = self._world.ids.uuid()
        names = [version.name for version in seed.versions]
        if len(set(names)) < len(names):
            raise SeedError(f"{place}.versions: two versions of a template need two names")
        versions = [
            self._version(version, template_id, home.id, author.id, f"{place}.versions[{index}]")
            for index, version in enumerate(seed.versions)
        ]
        wanted = seed.active or versions[-1].name
        active = next((v for v in versions if v.name == wanted), None)
        if active is None:
            raise SeedError(f"{place}.active: the template has no version named {seed.active!r}")
        template = Template(
            id=template_id,
            organization_id=home.id,
            name=seed.name,
            display_name=seed.display_name,
            description=seed.description,
            icon=seed.icon,
            active_version_id=active.id,
            created_by=author.id,
            created_at=self._now,
            updated_at=self._now,
            deprecation_message=seed.deprecation_message,
            default_ttl_ms=seed.default_ttl_ms,
            activity_bump_ms=seed.activity_bump_ms,
            time_til_dormant_ms=seed.time_til_dormant_ms,
            time_til_dormant_autodelete_ms=seed.time_til_dormant_autodelete_ms,
            allow_user_autostart=seed.allow_user_autostart,
            allow_user_autostop=seed.allow_user_autostop,
            allow_user_cancel_workspace_jobs=seed.allow_user_cancel_workspace_jobs,
            require_active_version=seed.require_active_version,
            classic_parameter_flow=seed.use_classic_parameter_flow,
            everyone=seed.everyone,
            deleted=seed.deleted,
        )
        self._store.save(template)
        self._templates[seed.name.lower()] = template

    def workspace(self, seed: WorkspaceSeed, place: str) -> None:
        template = self._template_named(seed.template, f"{place}.template")
        if seed.prebuild:
            add_prebuilds_user(self._world, self._store.organizations[template.organization_id])
            owner: User | None = self._store.users[PREBUILDS_USER_ID]
        else:
            owner = self._store.user_named(seed.owner)
        if owner is None:
            raise SeedError(f"{place}.owner: there is no user named {seed.owner!r}")
        check_name(seed.name, f"{place}.name")
        if self._store.live_workspace(owner.id, seed.name) is not None:
            raise SeedError(f"{place}.name: {owner.username} has another one named {seed.name!r}")
        try:
            if seed.autostart_schedule:
                parse_schedule(seed.autostart_schedule)
            ttl = template.default_ttl_ms or None
            ttl = check_ttl(seed.ttl_ms) if seed.ttl_ms else ttl
        except (ScheduleError, TTLError) as error:
            raise SeedError(f"{place}: {error}") from None
        workspace = Workspace(
            id=self._world.ids.uuid(),
            owner_id=owner.id,
            organization_id=template.organization_id,
            template_id=template.id,
            name=seed.name,
            created_at=self._now,
            updated_at=self._now,
            last_used_at=self._now,
            autostart_schedule=seed.autostart_schedule,
            ttl_ms=ttl,
            automatic_updates=seed.automatic_updates,
            favorite=seed.favorite,
            dormant_at=self._now if seed.dormant else None,
            user_roles={self._user_id(name, place): role for name, role in seed.users.items()},
        )
        self._store.save(workspace)
        self._first_builds(workspace, seed, place)

    def generated(self, seed: GeneratedSeed, place: str) -> None:
        if not seed.owners or not seed.states:
            raise SeedError(f"{place}: name at least one owner and one state")
        check_range(seed.count, MOST_GENERATED, f"{place}.count")
        for number in range(seed.count):
            one = WorkspaceSeed(
                name=f"{seed.prefix}-{number + 1}",
                owner=seed.owners[number % len(seed.owners)],
                template=seed.template,
                state=seed.states[number % len(seed.states)],
            )
            self.workspace(one, place)

    def _first_builds(self, workspace: Workspace, seed: WorkspaceSeed, place: str) -> None:
        template = self._templates[seed.template.lower()]
        version = self._store.versions[template.active_version_id]
        if seed.version:
            named = [v for v in self._store.versions_of(template.id) if v.name == seed.version]
            if not named:
                raise SeedError(f"{place}.version: there is no version named {seed.version!r}")
            version = named[0]
        chosen = resolve(version, seed.parameters)
        if chosen.problems:
            name, text = next(iter(chosen.problems.items()))
            raise SeedError(f"{place}.parameters.{name}: {text}")
        later = {"stopped": ["stop"], "deleted": ["delete"]}.get(seed.state, [])
        builds = self._world.builds
        for transition in ("start", *later):
            order = BuildOrder(
                transition=transition,
                version=version,
                initiator_id=workspace.owner_id,
                parameters=chosen.values,
            )
            build = builds.create(workspace, order)
            match seed.state:
                case "pending":
                    continue
                case "canceled":
                    builds.cancel(build)
                case "failed":
                    builds.fail_now(build, "the provisioner could not apply the plan")
                case _:
                    builds.finish_now(build)

    def _version(
        self,
        seed: VersionSeed,
        template_id: UUID,
        organization_id: UUID,
        author: UUID,
        place: str,
    ) -> TemplateVersion:
        for index, parameter in enumerate(seed.parameters):
            check_parameter(parameter, f"{place}.parameters[{index}]")
        check_resources(seed.resources or (), f"{place}.resources")
        if seed.build_seconds is not None:
            check_range(seed.build_seconds, YEAR_SECONDS, f"{place}.build_seconds")
        ids, now = self._world.ids, self._now
        started = None if seed.job == "pending" else now
        ended = now if seed.job in ("succeeded", "failed") else None
        job = Job(
            id=ids.uuid(),
            created_at=now,
            updated_at=now,
            organization_id=organization_id,
            kind="template_version_import",
            file_id=ids.uuid(),
            tags={"owner": "", "scope": "organization"},
            started_at=started,
            completed_at=ended,
            error="the template could not be read" if seed.job == "failed" else "",
            worker_id=None if started is None else self._world.builds.worker_id,
        )
        version = TemplateVersion(
            id=ids.uuid(),
            template_id=template_id,
            organization_id=organization_id,
            name=seed.name,
            job=job,
            created_by=author,
            created_at=now,
            updated_at=now,
            message=seed.message,
            readme=seed.readme,
            archived=seed.archived,
            parameters=list(seed.parameters),
            presets=[
                Preset(id=ids.uuid(), name=p.name, parameters=p.parameters) for p in seed.presets
            ],
            resources=default_resources() if seed.resources is None else list(seed.resources),
            build_errors={str(transition): text for transition, text in seed.build_errors.items()},
            hangs={str(transition): str(state) for transition, state in seed.hangs.items()},
            build_seconds=seed.build_seconds,
        )
        self._store.save(version)
        return version

    def _token(self, user: User, token: str, place: str) -> None:
        key_id, secret = split_token(token, place)
        if key_id in self._store.keys:
            raise SeedError(f"{place}: the first 10 characters are those of another user's token")
        self._store.save(
            ApiKey(
                id=key_id,
                user_id=user.id,
                secret_hash=hash_secret(secret),
                created_at=self._now,
                expires_at=self._now + TOKEN_LIFETIME,
                lifetime=TOKEN_LIFETIME.total_seconds(),
                token_name="seed",  # noqa: S106 - the name of a token, not a token
            )
        )

    def _default_name(self, place: str) -> str:
        home = self._store.default_organization()
        if home is None:
            raise SeedError(f"{place}: there is no organization, so name one in 'organizations'")
        return home.name

    def _organization(self, name: str, place: str) -> Organization:
        found = self._store.organization_named(name)
        if found is None:
            raise SeedError(f"{place}: there is no organization named {name!r}")
        return found

    def _template_named(self, name: str, place: str) -> Template:
        found = self._templates.get(name.lower())
        if found is None:
            raise SeedError(f"{place}: there is no template named {name!r}")
        return found

    def _user_id(self, name: str, place: str) -> UUID:
        found = self._store.user_named(name)
        if found is None:
            raise SeedError(f"{place}.users: there is no user named {name!r}")
        return found.id
