"""The reference server against a bare application that returns the same bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

from .measure import BenchError, Effort, Sample, interleave, rate, timed, wall
from .processes import python, server
from .report import Section, cost_row
from .setup import Setup
from .wire import Lanes

_WORKSPACES: Final = 10_000
_PAGE: Final = 100
_LANES: Final = 8
_REPEAT: Final = 40
_READY_SECONDS: Final = 60.0
_TOKEN: Final = "benchowner-BenchOwnerSecretToken1"
_SEED: Final = {
    "organizations": [{"name": "coder"}],
    "users": [
        {
            "username": "bench",
            "email": "bench@coder.example",
            "roles": ["owner"],
            "token": _TOKEN,
        }
    ],
    "templates": [{"name": "docker", "versions": [{"name": "v1"}]}],
    "generate": [
        {"count": _WORKSPACES, "template": "docker", "owners": ["bench"], "prefix": "bench"}
    ],
}


def run(setup: Setup) -> Section:
    """Compare one workspace, and a page of 100 out of 10,000, seen before and not."""
    section = Section("reference server against bare Starlette on uvicorn, same bytes (clock)")
    with _reference(setup.directory) as port:
        with Lanes(port, 1, _TOKEN) as lane:
            first = json.loads(lane.get("/api/v2/workspaces?limit=1"))["workspaces"][0]
        one = f"/api/v2/workspaces/{first['id']}"
        samples = _against_plain(setup, port, one, lanes=_LANES, repeat=_REPEAT, seconds=6.0)
        rates = f"{rate(samples['ours']):,.0f} and {rate(samples['plain']):,.0f} requests/s"
        ours, plain = wall(samples["ours"]), wall(samples["plain"])
        name = f"GET one, {_LANES} connections"
        section.rows.append(cost_row(name, ours, "bare", plain, unit="us", remark=rates))

        section.notes.append(_unseen(port))
        page = f"/api/v2/workspaces?limit={_PAGE}"
        samples = _against_plain(setup, port, page, lanes=1, repeat=3, seconds=4.0)
        ours, plain = wall(samples["ours"]), wall(samples["plain"])
        name = f"list {_PAGE} of {_WORKSPACES:,}, again"
        section.rows.append(cost_row(name, ours, "bare", plain))
    return section


def _against_plain(
    setup: Setup, port: int, target: str, *, lanes: int, repeat: int, seconds: float
) -> dict[str, list[Sample]]:
    body = setup.directory / "answer.json"
    with Lanes(port, lanes, _TOKEN) as ours:
        body.write_bytes(ours.get(target))
        with server("plain_app.py", body) as plain_port, Lanes(plain_port, lanes, "") as plain:
            return interleave(
                {
                    "ours": timed(lambda: ours.get(target), repeat=repeat, operations=lanes),
                    "plain": timed(lambda: plain.get(target), repeat=repeat, operations=lanes),
                },
                setup.effort(Effort(seconds)),
            )


def _unseen(port: int) -> str:
    """Time pages that nobody has asked for yet, the first one left out."""
    offsets = count(_PAGE, _PAGE)
    with Lanes(port, 1, _TOKEN) as lane:
        ask = timed(lambda: lane.get(f"/api/v2/workspaces?limit={_PAGE}&offset={next(offsets)}"))
        times = [ask().wall * 1000 for _ in range(20)]
    return (
        f"a page of {_PAGE} that was not asked for before takes {median(times):.1f} ms "
        f"({min(times):.1f}-{max(times):.1f})."
    )


@contextmanager
def _reference(directory: Path) -> Generator[int]:
    with TemporaryDirectory(dir=directory) as folder:
        # JSON is YAML, which is what a seed file is.
        seed, ready = Path(folder, "seed.yaml"), Path(folder, "ready.json")
        seed.write_text(json.dumps(_SEED), encoding="utf-8")
        arguments = ["-m", "coder_conformance.reference", "--port", "0"]
        arguments += ["--seed", str(seed), "--ready-file", str(ready)]
        with python(arguments) as process:
            end = time.monotonic() + _READY_SECONDS
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise BenchError("the reference server did not start")
                time.sleep(0.05)
            url: str = json.loads(ready.read_text(encoding="utf-8"))["url"]
            port = urlsplit(url).port
            assert port is not None
            yield port
