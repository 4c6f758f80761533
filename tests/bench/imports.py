"""What a fresh interpreter pays for importing a client, and for its first decoded answer."""

from __future__ import annotations

import os
import sys
from statistics import median
from time import perf_counter
from typing import Final

from . import data, stock
from .measure import BenchError, Contender, Effort, Sample, cpu, interleave
from .report import Section, cost_row
from .setup import Setup

_SECONDS: Final = 22.0
_BARE: Final = "pass"
_LIBRARIES: Final = "import httpx2, pydantic"
# The least that a program with validated answers does: one model with one field, used once.
_LEAST: Final = """\
import httpx2
from pydantic import BaseModel
class Answer(BaseModel):
    count: int
Answer.model_validate_json('{"count": 1}')
"""
_OURS: Final = "from coder_workspaces import Client"
_STOCK: Final = (
    "from stock_client import AuthenticatedClient\n"
    "from stock_client.api.workspaces import get_workspace_metadata_by_id"
)
# A whole call, but for the network: the transport answers by itself.
_OURS_ANSWER: Final = """\
from coder_workspaces import Client
import httpx2
body = open({body!r}, "rb").read()
transport = httpx2.MockTransport(lambda request: httpx2.Response(200, content=body))
client = Client("http://127.0.0.1", "token", transport=transport)
client.workspaces.get_workspace_metadata_by_id({workspace!r})
"""
_STOCK_ANSWER: Final = """\
from uuid import UUID
from stock_client import AuthenticatedClient
from stock_client.api.workspaces import get_workspace_metadata_by_id
import httpx
body = open({body!r}, "rb").read()
transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body))
client = AuthenticatedClient(
    "http://127.0.0.1", "token", httpx_args={{"transport": transport}}
)
get_workspace_metadata_by_id.sync(UUID({workspace!r}), client=client)
"""


def run(setup: Setup) -> Section:
    """Compare with the two libraries alone, and with stock output."""
    workspace = data.page(1)["workspaces"][0]
    body = setup.directory / "workspace.json"
    body.write_bytes(data.encode(workspace))
    values = {"body": str(body), "workspace": workspace["id"]}
    programs = {
        "bare": _BARE,
        "libraries": _LIBRARIES,
        "least": _LEAST,
        "ours": _OURS,
        "ours, answer": _OURS_ANSWER.format(**values),
        "stock": _STOCK,
        "stock, answer": _STOCK_ANSWER.format(**values),
    }
    environment = stock.environment(setup.stock_root)
    samples = interleave(
        {name: _interpreter(code, environment) for name, code in programs.items()},
        setup.effort(Effort(_SECONDS)),
    )
    ours, answer = cpu(samples["ours"]), cpu(samples["ours, answer"])
    libraries = cpu(samples["libraries"])
    section = Section("import in a fresh interpreter (user and system CPU, interpreter included)")
    section.rows = [
        cost_row("Client", ours, _LIBRARIES, libraries, target=0.95),
        cost_row("Client, first answer decoded", answer, _LIBRARIES, libraries, target=1.3),
        cost_row(
            "Client, first answer decoded",
            answer,
            "httpx2, one model of one field used",
            cpu(samples["least"]),
        ),
        cost_row("Client", ours, "stock", cpu(samples["stock"])),
        cost_row("Client, first answer decoded", answer, "stock", cpu(samples["stock, answer"])),
    ]
    section.notes.append(
        f"a bare interpreter takes {median(cpu(samples['bare'])) * 1000:.0f} ms, "
        "which is part of every figure."
    )
    section.notes.append(
        "import pydantic alone loads a small part of it; the rest comes with the first model."
    )
    return section


def _interpreter(code: str, environment: dict[str, str]) -> Contender:
    command = [sys.executable, "-c", code]

    def sample() -> Sample:
        started = perf_counter()
        # The only calls that tell what this one child has used.
        child = os.posix_spawn(sys.executable, command, environment)
        _, status, usage = os.wait4(child, 0)
        if status != 0:
            raise BenchError(f"the interpreter failed on: {code.splitlines()[0]}")
        return Sample(usage.ru_utime + usage.ru_stime, perf_counter() - started)

    return sample
