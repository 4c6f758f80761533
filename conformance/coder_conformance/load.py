"""A load: many requests at once, for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .service import Probe, Sample, ServiceLevels, take


class Load:
    """Sends requests from several threads, each operation as often as every other.

    Args:
        levels: How many at once, how fast, how long.
        probes: Makes the probes of one worker, by operationId; called once in each thread.
    """

    def __init__(self, levels: ServiceLevels, probes: Callable[[], dict[str, Probe]]) -> None:
        self._levels = levels
        self._probes = probes
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._samples: list[dict[str, Sample]] = []
        self._broken: list[Exception] = []
        self._next = self._end = 0.0

    def run(self) -> tuple[dict[str, Sample], float]:
        """Send them; the answers by operationId, and the seconds that it took."""
        threads = [
            threading.Thread(target=self._work, args=(number,), daemon=True)
            for number in range(self._levels.workers)
        ]
        started = self._next = time.monotonic()
        self._end = started + self._levels.seconds
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            self._over.set()  # also after Ctrl-C: nothing may be sent beside the clean-up
        if self._broken:
            raise self._broken[0]
        return self._joint(), time.monotonic() - started

    def _work(self, number: int) -> None:
        try:
            self._send(number)
        except Exception as error:  # noqa: BLE001 -- raised again where it is seen
            self._broken.append(error)
            self._over.set()

    def _send(self, number: int) -> None:
        probes = self._probes()
        taken = {operation: Sample() for operation in probes}
        with self._lock:
            self._samples.append(taken)
        names = list(probes)
        while self._turn():
            operation = names[number % len(names)]
            take(taken[operation], probes[operation])
            number += 1

    def _turn(self) -> bool:
        """Wait for the next turn; False when the time is up."""
        step = 1 / self._levels.rate if self._levels.rate else 0.0
        with self._lock:
            # Turns that nobody was free for are lost, else a stall would be followed by a flood.
            turn = max(self._next, time.monotonic())
            self._next = turn + step
        if turn >= self._end:
            return False
        return not self._over.wait(max(turn - time.monotonic(), 0))

    def _joint(self) -> dict[str, Sample]:
        joint: dict[str, Sample] = {}
        for taken in self._samples:
            for operation, sample in taken.items():
                into = joint.setdefault(operation, Sample())
                into.seconds += sample.seconds
                into.failures += sample.failures
                into.statuses += sample.statuses
        return joint
