"""What one tenant sends, however wrong, stops nobody: not the others, not the tenant's own next
words, and not the health of the process.
"""

import base64
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.embedded import Memloom
from tests.support.packages import docx_package

PLAIN = "# Travel\n\nFlights above six hours may be business class.\n"


class _ToNonsense(http.server.BaseHTTPRequestHandler):
    """Redirects to an address that is none."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://[bad/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        del format, args


@contextmanager
def nonsense() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _ToNonsense)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def file_of(name: str, data: bytes) -> dict[str, str]:
    return {"content": base64.b64encode(data).decode(), "name": name}


def test_thirty_of_each_wrong_thing_leave_the_pipeline_running(tmp_path: Path) -> None:
    with Memloom(tmp_path / "data") as memloom, nonsense() as url:
        times = [9999999999999999, -99999999999999, "0001-01-01", 1e15]
        tasks = []
        for number in range(32):
            message = {
                "role": "user",
                "content": f"I moved to Oslo yesterday, and I have {number} cats.",
                "chat_time": times[number % len(times)],
            }
            body = {"user_id": f"u{number}", "conversation_id": "c", "messages": [message]}
            answer = memloom.call("/add/message", body)
            # Refused at the door, or taken and brought to an end.
            assert answer["code"] != 50000, answer
            if answer["code"] == 0:
                tasks.append(answer["data"]["task_id"])
        kb = memloom.create_kb()
        files = []
        for start in range(0, 28, 14):
            files += memloom.add_files(
                kb,
                [
                    file_of(
                        f"{number}.docx",
                        docx_package({"word/document.xml": f"<w:document>{number}<w:body></oops"}),
                    )
                    for number in range(start, start + 14)
                ],
            )
        fetched = []
        for number in range(28):
            entry = {"content": f"{url}/{number}.md", "name": f"{number}.md"}
            answer = memloom.call(
                "/add/knowledgebase-file", {"knowledgebase_id": kb, "file": [entry]}
            )
            if answer["code"] == 0:
                fetched += answer["data"]
        ended = memloom.wait_for_files([file["id"] for file in (*files, *fetched)])
        assert {item["status"] for item in ended} == {"FAILED"}
        assert {item["error_code"] for item in ended} <= {50174, 50179}
        for task in tasks:
            assert memloom.wait_for_task(task)["status"] in {"completed", "failed"}
        (good,) = memloom.add_files(kb, [file_of("good.md", PLAIN.encode())])
        (done,) = memloom.wait_for_files([good["id"]])
        assert (done["status"], done["attempt"]) == ("COMPLETED", 1)
        task = memloom.add_messages(
            "another", [{"role": "user", "content": "I do not eat fish."}], conversation_id="d"
        )
        assert memloom.wait_for_task(task)["status"] == "completed"
        health = httpx.get(f"{memloom.url}/health", timeout=10)
        assert (health.status_code, health.json()["checks"]["consumers"]) == (200, "ok")
