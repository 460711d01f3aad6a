"""Many rules, and one correction of each while things break; then the count."""

import base64
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.embedded import Memloom

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Corrected:
    """What became of the sentences that were taken."""

    accepted: int
    made: int
    lost: int
    doubled: int

    def __str__(self) -> str:
        return (
            f"accepted {self.accepted:>4} made {self.made:>4} "
            f"lost {self.lost} doubled {self.doubled}"
        )


@dataclass(slots=True)
class Rules:
    """`of` rules in one knowledge base, each about a thing of its own."""

    knowledge_base: str
    of: int
    tasks: dict[str, str] = field(default_factory=dict)
    """By the new value that was asked for: the task that promises it."""

    def upload(self, memloom: Memloom) -> None:
        """One document, each rule a section."""
        parts = "\n\n".join(
            f"## Desk {number:04d}\n\nThe daily fee for desk {number:04d} is {_old(number)} euros."
            for number in range(self.of)
        )
        content = base64.b64encode(f"# Fees\n\n{parts}\n".encode()).decode()
        (file,) = memloom.add_files(self.knowledge_base, [{"name": "f.md", "content": content}])
        (ended,) = memloom.wait_for_files([file["id"]])
        assert ended["status"] == "COMPLETED", ended

    def correct(self, memloom: Memloom, *, seconds: float = 300.0) -> None:
        """One sentence for each rule, again until it is taken."""
        deadline = time.monotonic() + seconds
        for number in range(self.of):
            content = (
                f"The daily fee for desk {number:04d} is {_new(number)} euros, "
                f"not {_old(number)} euros."
            )
            body = {
                "user_id": "corrector",
                "conversation_id": f"c{number}",
                "feedback_content": content,
                "allow_knowledgebase_ids": [self.knowledge_base],
            }
            while str(_new(number)) not in self.tasks:
                assert time.monotonic() < deadline, f"not accepted: {content}"
                try:
                    answer = memloom.call("/add/feedback", body)
                except (httpx.TransportError, ValueError):
                    answer = {"code": -1}
                if answer["code"] == 0:
                    self.tasks[str(_new(number))] = answer["data"]["task_id"]
                else:
                    time.sleep(0.3)

    def count(self, memloom: Memloom, *, seconds: float) -> Corrected:
        """Wait until every task ended, and look at the log of corrections."""
        for task in self.tasks.values():
            ended = memloom.wait_for_task(task, seconds=seconds)
            assert ended["status"] == "completed", ended
        log = self._log(memloom)
        made = Counter(
            value for value in self.tasks for entry in log if f"{value} euros" in entry["text"]
        )
        return Corrected(
            accepted=len(self.tasks),
            made=len(log),
            lost=sum(made[value] == 0 for value in self.tasks),
            doubled=sum(count - 1 for count in made.values() if count > 1),
        )

    def _log(self, memloom: Memloom) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            answer = httpx.get(
                f"{memloom.url}/api/v1/knowledge-bases/{self.knowledge_base}/corrections",
                params={"page": len(found) // _PAGE + 1, "page_size": _PAGE},
                headers={"Authorization": f"Token {memloom.key}"},
                timeout=60,
            )
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["corrections"]
            if len(found) >= page["total"] or not page["corrections"]:
                return found


def _old(number: int) -> int:
    return 1000 + number


def _new(number: int) -> int:
    return 5000 + number
