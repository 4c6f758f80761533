"""A Chromium without a window, driven over its debugging protocol."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

Json = dict[str, Any]
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
]


def find() -> str | None:
    """The browser's path, or None when this machine has none."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class Page:
    """One page of the browser, with everything that it complained of or asked for.

    Attributes:
        problems: Errors of scripts, of the console and of the content security policy.
        requests: Addresses that were asked for.
        blocked: Why requests were stopped before they were sent.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._last = 0
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.blocked: list[str] = []
        self._loaded = False
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> Json:
        """Send a command; its result."""
        self._last += 1
        self._connection.send(
            json.dumps({"id": self._last, "method": method, "params": parameters})
        )
        while True:
            message = self._receive(20)
            if message.get("id") == self._last:
                assert "error" not in message, message
                result: Json = message["result"]
                return result

    def _receive(self, timeout: float) -> Json:
        message: Json = json.loads(self._connection.recv(timeout=timeout))
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.problems.append(str(message["params"]["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if message["params"]["type"] in {"error", "warning"}:
                self.problems.append(str(message["params"]["args"]))
            case "Log.entryAdded":
                self.problems.append(message["params"]["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            case "Network.loadingFailed" if "blockedReason" in message["params"]:
                self.blocked.append(message["params"]["blockedReason"])
            case "Page.loadEventFired":
                self._loaded = True
            case _:
                pass
        return message

    def open(self, path: Path, fragment: str = "") -> None:
        """Load a file, and wait until its scripts ran."""
        self._loaded = False
        self.send("Page.navigate", url=path.as_uri() + fragment)
        while not self._loaded:
            self._receive(20)

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        result = self.send(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def count(self, selector: str) -> int:
        """How many elements are there and seen."""
        return int(
            self.run(
                f"[...document.querySelectorAll({json.dumps(selector)})]"
                ".filter((e) => e.checkVisibility()).length"
            )
        )

    def press(self, key: str, code: int = 0) -> None:
        """Press and release a key."""
        text = {"text": "\r"} if key == "Enter" else {}
        about = {"key": key, "windowsVirtualKeyCode": code, **text}
        self.send("Input.dispatchKeyEvent", type="keyDown", **about)
        self.send("Input.dispatchKeyEvent", type="keyUp", **about)


@contextmanager
def browse(binary: str, profile: Path) -> Iterator[Page]:
    """A browser with an empty profile and one page.

    Args:
        binary: Path of the browser.
        profile: An empty folder of its own.
    """
    process = subprocess.Popen(
        [binary, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = _await_address(process, profile / "DevToolsActivePort")
        with connect(address, max_size=None, proxy=None) as root:
            root.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
            targets = json.loads(root.recv(timeout=20))["result"]["targetInfos"]
        page = next(target["targetId"] for target in targets if target["type"] == "page")
        base = address.partition("/devtools/")[0]
        with connect(f"{base}/devtools/page/{page}", max_size=None, proxy=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_address(process: subprocess.Popen[bytes], file: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        lines = file.read_text().split() if file.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    message = "the browser did not start"
    raise RuntimeError(message)
