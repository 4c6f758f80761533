"""The things of a deployment, as plain records without behaviour of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

ZERO_UUID = UUID(int=0)
ZERO_TIME = datetime(1, 1, 1, tzinfo=UTC)
PREBUILDS_USER_ID = UUID("c42fdf75-3097-471c-8c33-fb52454d81c0")


@dataclass(slots=True, kw_only=True)
class Organization:
    """A group of users with templates and workspaces of its own."""

    id: UUID
    name: str
    display_name: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    icon: str = ""
    is_default: bool = False


@dataclass(slots=True, kw_only=True)
class User:
    """Somebody who can sign in. ``password_hash`` is empty for other ways to sign in."""

    id: UUID
    username: str
    email: str
    created_at: datetime
    updated_at: datetime
    name: str = ""
    avatar_url: str = ""
    status: str = "active"
    login_type: str = "password"
    roles: list[str] = field(default_factory=list[str])
    password_hash: str = ""
    last_seen_at: datetime = ZERO_TIME
    deleted: bool = False
    is_system: bool = False


@dataclass(slots=True, kw_only=True)
class Membership:
    """That a user belongs to an organization, and with which roles there."""

    organization_id: UUID
    user_id: UUID
    roles: list[str] = field(default_factory=list[str])


@dataclass(slots=True, kw_only=True)
class ApiKey:
    """A token of a user; only a digest of its secret is kept. ``lifetime`` is in seconds."""

    id: str
    user_id: UUID
    secret_hash: str
    created_at: datetime
    expires_at: datetime
    lifetime: float
    last_used: datetime = ZERO_TIME
    scope: str = "all"
    token_name: str = ""
    kind: str = "token"


@dataclass(slots=True, kw_only=True)
class Job:
    """Work of a provisioner. Its status is computed from the columns, never stored."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    organization_id: UUID
    kind: str
    file_id: UUID
    tags: dict[str, str] = field(default_factory=dict[str, str])
    started_at: datetime | None = None
    completed_at: datetime | None = None
    canceled_at: datetime | None = None
    error: str = ""
    error_code: str = ""
    worker_id: UUID | None = None

    @property
    def status(self) -> str:
        """The state of the job as clients see it."""
        if self.completed_at is not None:
            if self.error:
                return "failed"
            return "canceled" if self.canceled_at is not None else "succeeded"
        if self.error:
            return "failed"
        if self.canceled_at is not None:
            return "canceling"
        return "pending" if self.started_at is None else "running"


@dataclass(slots=True, kw_only=True)
class ParameterOption:
    """One of the values that a parameter allows."""

    name: str
    value: str


@dataclass(slots=True, kw_only=True)
class Parameter:
    """A rich parameter of a template version; values are always text."""

    name: str
    type: str = "string"
    default: str = ""
    required: bool = False
    mutable: bool = True
    ephemeral: bool = False
    options: list[ParameterOption] = field(default_factory=list[ParameterOption])
    regex: str = ""
    regex_error: str = ""
    minimum: int | None = None
    maximum: int | None = None


@dataclass(slots=True, kw_only=True)
class Preset:
    """A named choice of parameter values of a template version."""

    id: UUID
    name: str
    parameters: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True, kw_only=True)
class AppPlan:
    """An app that an agent is going to offer."""

    slug: str
    display_name: str = ""
    url: str = ""
    icon: str = ""
    command: str = ""
    external: bool = False
    subdomain: bool = False
    sharing_level: str = "owner"
    healthcheck_url: str = ""


@dataclass(slots=True, kw_only=True)
class ScriptPlan:
    """A script that an agent is going to run. ``timeout`` is in seconds."""

    display_name: str
    script: str = ""
    cron: str = ""
    run_on_start: bool = True
    run_on_stop: bool = False
    start_blocks_login: bool = False
    timeout: int = 0
    exit_code: int = 0


@dataclass(slots=True, kw_only=True)
class AgentPlan:
    """An agent that a resource is going to have. ``connects`` false makes it time out."""

    name: str
    operating_system: str = "linux"
    architecture: str = "amd64"
    directory: str = ""
    environment: dict[str, str] | None = None
    connects: bool = True
    connection_timeout: int = 120
    apps: list[AppPlan] = field(default_factory=list[AppPlan])
    scripts: list[ScriptPlan] = field(default_factory=list[ScriptPlan])


@dataclass(slots=True, kw_only=True)
class ResourcePlan:
    """A resource that builds of the given transitions leave behind."""

    type: str
    name: str
    icon: str = ""
    hide: bool = False
    daily_cost: int = 0
    transitions: list[str] = field(default_factory=lambda: ["start"])
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    agents: list[AgentPlan] = field(default_factory=list[AgentPlan])


@dataclass(slots=True, kw_only=True)
class TemplateVersion:
    """One state of a template: what to ask for and what to build.

    ``build_errors`` maps a transition to the text with which its job fails, ``hangs`` to the state
    (``pending`` or ``running``) in which its job gets stuck until it is ended for that;
    ``build_seconds`` overrides the deployment's build duration.
    """

    id: UUID
    template_id: UUID | None
    organization_id: UUID
    name: str
    job: Job
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    message: str = ""
    readme: str = ""
    archived: bool = False
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    presets: list[Preset] = field(default_factory=list[Preset])
    resources: list[ResourcePlan] = field(default_factory=list[ResourcePlan])
    build_errors: dict[str, str] = field(default_factory=dict[str, str])
    hangs: dict[str, str] = field(default_factory=dict[str, str])
    build_seconds: float | None = None


@dataclass(slots=True, kw_only=True)
class Template:
    """What workspaces are made from. ``*_ms`` fields are in milliseconds.

    ``everyone`` is the role of all members of the organization: ``use`` or nothing. ``users``
    grants the role to single users.
    """

    id: UUID
    organization_id: UUID
    name: str
    active_version_id: UUID
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    display_name: str = ""
    description: str = ""
    icon: str = ""
    provisioner: str = "terraform"
    deprecation_message: str = ""
    default_ttl_ms: int = 0
    activity_bump_ms: int = 3_600_000
    time_til_dormant_ms: int = 0
    time_til_dormant_autodelete_ms: int = 0
    allow_user_autostart: bool = True
    allow_user_autostop: bool = True
    allow_user_cancel_workspace_jobs: bool = False
    require_active_version: bool = False
    classic_parameter_flow: bool = False
    everyone: str = "use"
    users: dict[UUID, str] = field(default_factory=dict[UUID, str])
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class AppStatus:
    """What an app reported about its work."""

    id: UUID
    created_at: datetime
    workspace_id: UUID
    agent_id: UUID
    app_id: UUID
    state: str
    message: str
    uri: str = ""


@dataclass(slots=True, kw_only=True)
class Workspace:
    """A development environment of a user.

    ``user_roles`` and ``group_roles`` are its access list; ``app_status`` is the newest report of
    an app; ``usage_pending`` marks it for the next update of ``last_used_at``. ``revision`` grows
    whenever what clients see may have changed.
    """

    id: UUID
    owner_id: UUID
    organization_id: UUID
    template_id: UUID
    name: str
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime
    autostart_schedule: str = ""
    ttl_ms: int | None = None
    dormant_at: datetime | None = None
    deleting_at: datetime | None = None
    automatic_updates: str = "never"
    favorite: bool = False
    next_start_at: datetime | None = None
    deleted: bool = False
    user_roles: dict[UUID, str] = field(default_factory=dict[UUID, str])
    group_roles: dict[UUID, str] = field(default_factory=dict[UUID, str])
    usage_pending: bool = False
    app_status: AppStatus | None = None
    revision: int = 0

    @property
    def is_prebuild(self) -> bool:
        """Whether the workspace belongs to the pool of prepared ones."""
        return self.owner_id == PREBUILDS_USER_ID


@dataclass(slots=True, kw_only=True)
class App:
    """An app of an agent; ``statuses`` are its reports, the oldest first."""

    id: UUID
    plan: AppPlan
    health: str = "disabled"
    statuses: list[AppStatus] = field(default_factory=list[AppStatus])


@dataclass(slots=True, kw_only=True)
class Script:
    """A script of an agent and the times of its latest run."""

    id: UUID
    log_source_id: UUID
    plan: ScriptPlan
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Agent:
    """The process inside a workspace that talks to the deployment."""

    id: UUID
    plan: AgentPlan
    created_at: datetime
    updated_at: datetime
    status: str = "connecting"
    lifecycle_state: str = "created"
    first_connected_at: datetime | None = None
    last_connected_at: datetime | None = None
    disconnected_at: datetime | None = None
    started_at: datetime | None = None
    ready_at: datetime | None = None
    version: str = ""
    api_version: str = ""
    expanded_directory: str = ""
    logs_length: int = 0
    logs_overflowed: bool = False
    apps: list[App] = field(default_factory=list[App])
    scripts: list[Script] = field(default_factory=list[Script])


@dataclass(slots=True, kw_only=True)
class Resource:
    """A piece of infrastructure that a build left behind."""

    id: UUID
    created_at: datetime
    plan: ResourcePlan
    agents: list[Agent] = field(default_factory=list[Agent])


@dataclass(slots=True, kw_only=True)
class Stage:
    """How long one step of a provisioner took."""

    name: str
    source: str
    action: str
    resource: str
    started_at: datetime
    ended_at: datetime


@dataclass(slots=True, kw_only=True)
class Build:
    """One attempt to start, stop or delete a workspace."""

    id: UUID
    workspace_id: UUID
    number: int
    transition: str
    version_id: UUID
    initiator_id: UUID
    reason: str
    job: Job
    created_at: datetime
    updated_at: datetime
    deadline: datetime | None = None
    max_deadline: datetime | None = None
    preset_id: UUID | None = None
    has_ai_task: bool | None = None
    orphan: bool = False
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    resources: list[Resource] = field(default_factory=list[Resource])
    stages: list[Stage] = field(default_factory=list[Stage])

    @property
    def status(self) -> str:
        """The status of a workspace whose latest build this is."""
        state = self.job.status
        if state == "running":
            return {"start": "starting", "stop": "stopping", "delete": "deleting"}[self.transition]
        if state == "succeeded":
            return {"start": "running", "stop": "stopped", "delete": "deleted"}[self.transition]
        return state

    @property
    def is_running(self) -> bool:
        """Whether the workspace was started successfully by this build."""
        return self.transition == "start" and self.job.status == "succeeded"

    def agents(self) -> list[Agent]:
        """Return the agents of all resources."""
        return [agent for resource in self.resources for agent in resource.agents]
