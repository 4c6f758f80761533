"""The contents of a deployment that was started without a seed file.

The credentials are fixed and public: they are for development on one's own machine only.
"""

from __future__ import annotations

from coder_conformance.reference.domain.model import (
    AgentPlan,
    AppPlan,
    Parameter,
    ParameterOption,
    ResourcePlan,
    ScriptPlan,
)
from coder_conformance.reference.seed.model import (
    OrganizationSeed,
    PresetSeed,
    Seed,
    TemplateSeed,
    UserSeed,
    VersionSeed,
)

OWNER = UserSeed(
    username="owner",
    email="owner@coder.example",
    name="Reference Owner",
    password="reference-Owner-1",  # noqa: S106 - well known on purpose
    token="refowner01-ReferenceOwnerSecret01",  # noqa: S106 - well known on purpose
    roles=["owner"],
)
MEMBER = UserSeed(
    username="member",
    email="member@coder.example",
    name="Reference Member",
    password="reference-Member-1",  # noqa: S106 - well known on purpose
    token="refmember1-ReferenceMemberSecret1",  # noqa: S106 - well known on purpose
)


def default_resources() -> list[ResourcePlan]:
    """Return a container with an agent, which runs while started, and a volume that stays."""
    return [
        ResourcePlan(
            type="docker_container",
            name="workspace",
            icon="/icon/docker.svg",
            metadata={"image": "ubuntu:24.04"},
            agents=[
                AgentPlan(
                    name="main",
                    directory="~/project",
                    environment={"EDITOR": "vim"},
                    apps=[
                        AppPlan(
                            slug="code-server",
                            display_name="code-server",
                            url="http://localhost:13337",
                            icon="/icon/code.svg",
                            healthcheck_url="http://localhost:13337/healthz",
                        )
                    ],
                    scripts=[
                        ScriptPlan(
                            display_name="Startup Script",
                            script="#!/bin/sh\nexec code-server --port 13337\n",
                            timeout=300,
                        )
                    ],
                )
            ],
        ),
        ResourcePlan(type="docker_volume", name="home", transitions=["start", "stop"]),
    ]


def _regions(*names: str) -> Parameter:
    options = [ParameterOption(name=name.upper(), value=name) for name in names]
    return Parameter(name="region", default=names[0], options=options)


def default_seed() -> Seed:
    """Return one organization with an owner, a member and a template with two versions.

    The older version knows a region that the active one lost, so that a workspace made with it
    cannot be updated automatically without a choice.
    """
    cpu = Parameter(name="cpu", type="number", default="2", minimum=1, maximum=16)
    return Seed(
        organizations=[OrganizationSeed(name="coder", display_name="Coder")],
        users=[OWNER, MEMBER],
        templates=[
            TemplateSeed(
                name="docker",
                display_name="Docker Containers",
                description="A container with a home volume",
                icon="/icon/docker.png",
                allow_user_cancel_workspace_jobs=True,
                versions=[
                    VersionSeed(
                        name="v1",
                        message="First version",
                        parameters=[cpu, _regions("eu-west", "us-east", "ap-south")],
                    ),
                    VersionSeed(
                        name="v2",
                        message="Without the region ap-south",
                        parameters=[cpu, _regions("eu-west", "us-east")],
                        presets=[PresetSeed(name="Large", parameters={"cpu": "8"})],
                    ),
                ],
            )
        ],
    )
