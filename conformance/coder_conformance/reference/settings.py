"""The switches of a reference deployment."""

from __future__ import annotations

from dataclasses import dataclass

EXPERIMENTS = ("workspace-sharing", "workspace-usage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a deployment that is fixed while it runs.

    Durations are in seconds. Validation of user input is the command line's business; the values
    here are taken as they are.

    Attributes:
        build_seconds: Time from the creation of a build to the end of its job.
        agent_seconds: Time from the end of a start build to a connected and ready agent;
            ``None`` takes half of ``build_seconds``.
        tick_seconds: Interval of the background executor (autostart, autostop, dormancy, usage).
        heartbeat_seconds: Interval of the pings of both watch streams.
        allow_renames: Whether workspaces may be renamed.
        experiments: Experiments that are switched on, out of :data:`EXPERIMENTS`.
        rate_limit: Requests a minute for one client and path; ``None`` switches limiting off.
        debug_build_logs: Whether administrators may ask for debug logs of a build.
        access_url: URL under which clients reach the server; ``None`` takes the Host header.
        version: Version that the deployment claims to have.
        max_body_bytes: Longest request body that is read.
    """

    build_seconds: float = 0.4
    agent_seconds: float | None = None
    tick_seconds: float = 60.0
    heartbeat_seconds: float = 15.0
    allow_renames: bool = False
    experiments: frozenset[str] = frozenset()
    rate_limit: int | None = None
    debug_build_logs: bool = False
    access_url: str | None = None
    version: str = "v2.25.0-reference"
    max_body_bytes: int = 4 * 1024 * 1024

    @property
    def connect_seconds(self) -> float:
        """Seconds from a finished start build to a ready agent."""
        return self.build_seconds / 2 if self.agent_seconds is None else self.agent_seconds
