"""How much of the fuzz tests is run, and the neighbour who must not notice."""

import os
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.support.embedded import Memloom

FULL = os.environ.get("MEMLOOM_TEST_FUZZ") == "full"
# No answer takes longer: a check for hangs on a busy machine, not a measurement.
HANG_SECONDS = 10.0
_FACT = "I drive a red car."
_QUESTION = "Which car do I drive?"


def slice_of(full: int, small: int) -> int:
    """How many cases to run: all with MEMLOOM_TEST_FUZZ=full, else a few."""
    return full if FULL else small


@dataclass
class Neighbour:
    """Another project's user, who searches on and on; every answer must be that of the first."""

    memloom: Memloom
    key: str
    searches: int = 0
    wrong: list[Any] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> threading.Thread:
        """Let a memory be made, then search in a thread of its own."""
        message = {"role": "user", "content": _FACT}
        task = self.memloom.call(
            "/add/message",
            {"user_id": "anna", "messages": [message], "async_mode": False},
            key=self.key,
        )
        assert task["data"]["status"] == "completed", task
        thread = threading.Thread(target=self._run)
        thread.start()
        return thread

    def end(self) -> None:
        """Stop searching."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            answer = self.memloom.call(
                "/search/memory", {"user_id": "anna", "query": _QUESTION}, key=self.key
            )
            found = [item["memory_value"] for item in answer["data"].get("memory_detail_list", [])]
            self.searches += 1
            if answer["code"] != 0 or not any("red car" in text for text in found):
                self.wrong.append(answer)
            self._stop.wait(0.05)
