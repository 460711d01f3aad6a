"""What an operator does: dead letters; starts, stops, accidents."""

import http.server
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.kernel.adapters.filesystem_blobs import FilesystemBlobs
from services.kernel.contracts import topics
from services.kernel.contracts.events import BlobRef, DocumentParsed, Envelope
from services.kernel.ports.bus import OutgoingRecord
from tests.support.embedded import Memloom, free_port, run, wait_until
from tests.support.operating import (
    RULES,
    command,
    family,
    file_of,
    letters,
    living,
    publish,
    told,
    upload,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("operations") / "data") as running:
        yield running


# --- dead letters ----------------------------------------------------------------------------


def test_poison_is_set_aside_with_its_cause_and_untouched_bytes(memloom: Memloom) -> None:
    before = set(letters(memloom))
    event = Envelope(
        event_id=uuid4(), type=DocumentParsed.TYPE, time=0, producer="nobody", key="k", payload={}
    )
    poison = {
        "not-json": (b"\xff{broken", "not an envelope"),
        "not-an-envelope": (b'{"hello": "you"}', "not an envelope"),
        "unknown-type": (
            event.model_copy(update={"type": "kb.document.eaten"}).model_dump_json().encode(),
            "is not known",
        ),
        "wrong-content": (event.model_dump_json().encode(), f"not a {DocumentParsed.TYPE}"),
    }
    headers = {"content-type": b"application/json", "traceparent": b"\xff\xfe no trace"}
    publish(
        memloom,
        [
            OutgoingRecord(topics.PARSED.name, key, value, headers)
            for key, (value, _) in poison.items()
        ],
    )
    wait_until(lambda: len(letters(memloom)) == len(before) + len(poison), 60, "all set aside")

    found = {
        line.split()[3]: (identifier, line)
        for identifier, line in letters(memloom).items()
        if identifier not in before
    }
    assert set(found) == set(poison)
    for key, (value, cause) in poison.items():
        identifier, line = found[key]
        assert topics.PARSED.readers[0] in line
        shown = told(memloom, "dlq", "show", identifier)
        assert f"topic: {topics.PARSED.name}\n" in shown
        assert cause in shown
        assert f"origin: {topics.PARSED.name}@" in shown
        assert shown.endswith(value.decode(errors="backslashreplace"))
        assert f"header traceparent: {headers['traceparent']!r}" in shown

    # The others' work goes on: poison holds nobody up.
    kb = memloom.create_kb("beside poison")
    (ended,) = memloom.wait_for_files([upload(memloom, kb, "beside.md")])
    assert ended["status"] == "COMPLETED"

    # Handed over again it is set aside again, as a new letter; dropped it is gone.
    replayed = found["not-json"][0]
    told(memloom, "dlq", "replay", replayed)

    def again() -> str:
        fresh = [one for one, line in letters(memloom).items() if "not-json" in line]
        return next((one for one in fresh if one != replayed), "")

    fresh = wait_until(again, 60, "set aside again")
    assert replayed not in letters(memloom)
    for identifier in (fresh, *(one for key, (one, _) in found.items() if key != "not-json")):
        told(memloom, "dlq", "drop", identifier)
    assert set(letters(memloom)) == before
    missing = command("dlq", "show", fresh, "--data", str(memloom.data))
    assert missing.returncode == 2
    assert len(missing.stderr.strip().splitlines()) == 1


def test_a_replay_takes_its_document_from_failed_to_completed(memloom: Memloom) -> None:
    kb = memloom.create_kb("replayed")
    (done,) = memloom.wait_for_files([upload(memloom, kb, "replayed.md", f"{RULES}\nBye.\n")])
    blobs = FilesystemBlobs(memloom.data)
    good = f"parsed/default/{kb}/{done['id']}/r1.json"
    bad = f"parsed/default/{kb}/{done['id']}/broken.json"
    run(blobs.put(bad, b'{"blocks": "none of yours"}'))
    event = DocumentParsed(
        project_id="default",
        knowledgebase_id=kb,
        document_id=done["id"],
        revision=1,
        attempt=2,
        name=done["name"],
        parsed=BlobRef(path=bad),
    )
    envelope = Envelope.wrap(event, event_id=uuid4(), time=1, producer="parser")
    publish(
        memloom,
        [OutgoingRecord(topics.PARSED.name, event.key(), envelope.model_dump_json().encode())],
    )

    def failed() -> dict[str, Any] | None:
        found = file_of(memloom, done["id"])
        return found if found["status"] == "FAILED" else None

    shown = wait_until(failed, 90, "the document is FAILED")
    assert (shown["attempt"], shown["error_code"]) == (2, 50000)
    assert "dead letters" in shown["error_message"]
    (identifier,) = [one for one, line in letters(memloom).items() if done["id"] in line]

    # Still broken: it is tried again, visibly, and fails again.
    told(memloom, "dlq", "replay", identifier)
    assert file_of(memloom, done["id"])["status"] in {"PROCESSING", "FAILED"}
    (identifier,) = wait_until(
        lambda: [one for one, line in letters(memloom).items() if done["id"] in line],
        90,
        "set aside again",
    )
    wait_until(failed, 30, "the document is FAILED again")

    run(blobs.put(bad, run(blobs.get(good))))
    told(memloom, "dlq", "replay", identifier, "--on-error", "continue")
    (ended,) = memloom.wait_for_files([done["id"]])
    assert (ended["status"], ended["error_code"]) == ("COMPLETED", 0)
    assert not any(done["id"] in line for line in letters(memloom).values())
    found = memloom.search("u", "visitors park", [kb])["memory_detail_list"]
    spans = [(item["document_id"], item["start"]) for item in found]
    assert len(spans) == len(set(spans))


# --- starts, stops, accidents ----------------------------------------------------------------


def test_a_second_server_ends_with_a_sentence(memloom: Memloom, tmp_path: Path) -> None:
    port, other = str(memloom.port), str(free_port())
    for arguments, words in (
        (("--data", str(memloom.data), "--port", other, "--grpc-port", "0"), "data folder"),
        (("--data", str(tmp_path), "--port", port, "--grpc-port", "0"), f"port {port}"),
        (
            ("--data", str(tmp_path), "--port", other, "--grpc-port", str(memloom.grpc_port)),
            f"port {memloom.grpc_port}",
        ),
    ):
        done = command("serve", *arguments, MEMLOOM_RUNTIME__LOG_LEVEL="ERROR")
        assert done.returncode == 2, done
        # gRPC's own library may have written its line before ours.
        *_, sentence = done.stderr.strip().splitlines()
        assert words in sentence
        assert "another" in sentence
        assert "Traceback" not in done.stderr
        assert "shown only now" not in done.stdout
    assert memloom.call("/search/memory", {"user_id": "u", "query": "x"})["code"] == 0


class Clients:
    """One that uploads until the door is closed, and one that asks for readiness all the while."""

    def __init__(self, memloom: Memloom, kb: str) -> None:
        self._memloom = memloom
        self._kb = kb
        self.accepted: list[str] = []
        self.unready: list[dict[str, str]] = []
        self.warm = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._upload, self._ask)]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _upload(self) -> None:
        with suppress(httpx.HTTPError):
            while True:
                number = len(self.accepted)
                text = f"{RULES}\nNumber {number}.\n"
                self.accepted.append(upload(self._memloom, self._kb, f"{number}.md", text))
                if number == 8:
                    self.warm.set()

    def _ask(self) -> None:
        with suppress(httpx.HTTPError):
            while True:
                answer = httpx.get(f"{self._memloom.url}/health/ready", timeout=10)
                if answer.status_code == 503:
                    self.unready.append(answer.json()["checks"])


def test_a_stop_amid_uploads_drains_and_a_start_completes_them(tmp_path: Path) -> None:
    settings = {"MEMLOOM_RUNTIME__LEAVE_SECONDS": "3"}
    memloom = Memloom(tmp_path / "data", settings=settings)
    started = memloom.start()
    kb = memloom.create_kb()
    clients = Clients(memloom, kb)
    assert clients.warm.wait(60)
    before = len(clients.accepted)
    assert memloom.stop() == 0
    clients.join()
    # While it says that it leaves, it still serves.
    assert any(checks.get("process") == "stopping" for checks in clients.unready)
    assert len(clients.accepted) > before
    assert "Traceback" not in memloom.log.read_text()

    again = memloom.start()
    ended = memloom.wait_for_files(clients.accepted, seconds=180)
    assert len(ended) == len(clients.accepted)
    assert {file["status"] for file in ended} == {"COMPLETED"}
    # Workers start with the first document that is read, and all may have been read before.
    memloom.wait_for_files([upload(memloom, kb, "last.md")])
    memory = sum(one.memory_info().rss for one in family(memloom)) >> 20
    print(f"ready after {started:.1f} s, again after {again:.1f} s; {memory} MiB resident")  # noqa: T201 - figures for the reader
    _killed_with_its_workers(memloom, tmp_path)


def _killed_with_its_workers(memloom: Memloom, folder: Path) -> None:
    """kill -9: no worker stays, not even one that hangs; half-written blobs go at the start."""
    processes = family(memloom)
    assert len(processes) > 1, "no worker process is there to outlive its parent"
    for worker in processes[1:]:
        worker.send_signal(signal.SIGSTOP)
    memloom.kill()
    wait_until(lambda: not living(processes), 20, "all its processes ended")
    left = folder / "data" / ".writing" / "half-written"
    left.write_bytes(b"half")
    memloom.start()
    assert not left.exists()
    assert memloom.stop() == 0


class _Held(http.server.BaseHTTPRequestHandler):
    """Names its document at once, and hands it over when it is let go."""

    go = threading.Event()

    def do_GET(self) -> None:
        body = RULES.encode()
        self.send_response(200)
        self.send_header("content-type", "text/markdown")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.go.wait(120)
        # Whoever asked may be gone by now.
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        del format, args


def records_of(memloom: Memloom, key: str) -> int:
    """How many records of that key are on the bus."""
    with closing(sqlite3.connect(memloom.data / "bus.db")) as bus:
        found = bus.execute("SELECT count(*) FROM messages WHERE key = ?", (key,)).fetchone()
    return int(found[0])


@contextmanager
def held_document() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Held)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/rules.md"
    finally:
        _Held.go.set()
        server.shutdown()
        server.server_close()


def test_a_document_whose_record_became_unreadable_is_sent_again(tmp_path: Path) -> None:
    settings = {
        "MEMLOOM_GATEWAY__STILL_SECONDS": "2",
        "MEMLOOM_GATEWAY__WATCH_SECONDS": "0.5",
        "MEMLOOM_RUNTIME__SAMPLE_SECONDS": "0.5",
    }
    with held_document() as url, Memloom(tmp_path / "data", settings=settings) as memloom:
        kb = memloom.create_kb()
        (file,) = memloom.add_files(kb, [{"content": url, "name": "rules.md"}])
        wait_until(lambda: records_of(memloom, file["id"]), 60, "the record is on the bus")
        memloom.kill()
        with closing(sqlite3.connect(memloom.data / "bus.db")) as bus, bus:
            spoilt = bus.execute("UPDATE messages SET value = ? WHERE key = ?", (b"?", file["id"]))
            assert spoilt.rowcount == 1
        _Held.go.set()
        memloom.start()
        (ended,) = memloom.wait_for_files([file["id"]])
        assert ended["status"] == "COMPLETED", ended
        assert ended["attempt"] > 1
        lines = letters(memloom).values()
        assert {line.split()[2] for line in lines} & set(topics.DOCUMENTS.readers)
        assert all(file["id"] in line for line in lines)
