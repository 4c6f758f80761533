"""The description of a deployment's first contents, as written in a seed file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from coder_conformance.reference.domain.model import Parameter, ResourcePlan

SiteRole = Literal["owner", "template-admin", "user-admin", "auditor"]
OrgRole = Literal[
    "organization-admin",
    "organization-template-admin",
    "organization-user-admin",
    "organization-auditor",
    "organization-workspace-creation-ban",
]
State = Literal["running", "stopped", "failed", "canceled", "pending", "deleted"]
Transition = Literal["start", "stop", "delete"]
JobState = Literal["succeeded", "failed", "running", "pending"]
Hang = Literal["pending", "running"]
DEFAULT_STATES: Sequence[State] = ("running", "stopped")


@dataclass(slots=True, kw_only=True)
class OrganizationSeed:
    """An organization; the first one is the default."""

    name: str
    display_name: str = ""
    description: str = ""
    icon: str = ""


@dataclass(slots=True, kw_only=True)
class UserSeed:
    """A user. ``organizations`` maps the names of organizations to roles there.

    Without ``organizations`` the user is a plain member of the default one. ``token`` is the whole
    API token, ``<10 characters>-<22 characters>``.
    """

    username: str
    email: str = ""
    name: str = ""
    password: str = ""
    token: str = ""
    status: Literal["active", "dormant", "suspended"] = "active"
    login_type: Literal["password", "github", "oidc", "none"] = "password"
    roles: list[SiteRole] = field(default_factory=list[SiteRole])
    organizations: dict[str, list[OrgRole]] | None = None


@dataclass(slots=True, kw_only=True)
class PresetSeed:
    """A named choice of parameter values."""

    name: str
    parameters: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True, kw_only=True)
class VersionSeed:
    """A version of a template. Without ``resources`` it has one container with one agent."""

    name: str
    message: str = ""
    readme: str = ""
    archived: bool = False
    job: JobState = "succeeded"
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    presets: list[PresetSeed] = field(default_factory=list[PresetSeed])
    resources: list[ResourcePlan] | None = None
    build_errors: dict[Transition, str] = field(default_factory=dict[Transition, str])
    hangs: dict[Transition, Hang] = field(default_factory=dict[Transition, Hang])
    build_seconds: float | None = None


@dataclass(slots=True, kw_only=True)
class TemplateSeed:
    """A template. ``active`` names its active version; without it the last one is."""

    name: str
    versions: list[VersionSeed]
    active: str = ""
    organization: str = ""
    display_name: str = ""
    description: str = ""
    icon: str = ""
    deprecation_message: str = ""
    default_ttl_ms: int = 0
    activity_bump_ms: int = 3_600_000
    time_til_dormant_ms: int = 0
    time_til_dormant_autodelete_ms: int = 0
    allow_user_autostart: bool = True
    allow_user_autostop: bool = True
    allow_user_cancel_workspace_jobs: bool = False
    require_active_version: bool = False
    use_classic_parameter_flow: bool = False
    everyone: Literal["use", ""] = "use"
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class WorkspaceSeed:
    """A workspace in a given state. ``prebuild`` gives it to the pool of prepared ones."""

    name: str
    template: str
    owner: str = ""
    prebuild: bool = False
    version: str = ""
    state: State = "running"
    dormant: bool = False
    favorite: bool = False
    autostart_schedule: str = ""
    ttl_ms: int | None = None
    automatic_updates: Literal["always", "never"] = "never"
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    users: dict[str, Literal["use", "admin"]] = field(
        default_factory=dict[str, Literal["use", "admin"]]
    )


@dataclass(slots=True, kw_only=True)
class GeneratedSeed:
    """Many workspaces, dealt out among owners and states in turn, named ``<prefix>-<number>``."""

    count: int
    template: str
    owners: list[str]
    prefix: str = "generated"
    states: Sequence[State] = field(default_factory=lambda: DEFAULT_STATES)


@dataclass(slots=True, kw_only=True)
class Seed:
    """Everything that a deployment contains when it starts."""

    organizations: list[OrganizationSeed] = field(default_factory=list[OrganizationSeed])
    users: list[UserSeed] = field(default_factory=list[UserSeed])
    templates: list[TemplateSeed] = field(default_factory=list[TemplateSeed])
    workspaces: list[WorkspaceSeed] = field(default_factory=list[WorkspaceSeed])
    generate: list[GeneratedSeed] = field(default_factory=list[GeneratedSeed])
