"""Texts that are made to stop the server stop nobody: each is answered, and others beside it."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.support.deadly_main import DEADLY
from tests.support.embedded import Memloom, wait_until

pytestmark = pytest.mark.slow

TOKENS = 39_000
# By the gateway's count: four narrow characters a token, or one wide one.
TEXTS = {
    "numbers": "123," * TOKENS,
    "digits": "1" * 4 * TOKENS,
    "digits and letters": "1x" * 2 * TOKENS,
    "one word": "really " * (4 * TOKENS // 7),
    "words and gaps": "My dog      " * (TOKENS // 3),
    "negations": "not " * TOKENS,
    "commas": "我，" * (TOKENS // 2),
    "no stops": "我" * TOKENS,
    "scripts": "我a" * (TOKENS * 4 // 5),
    "punctuation": "?!.," * TOKENS,
    "spaces": "a" + " " * (4 * TOKENS - 10) + "b",
    "sentences": "I have a dog, not a cat. " * 400,
}
FEEDBACKS = {
    "commas": "我，" * 1000,
    "numbers": "123," * 1000,
    "corrections": "应该是甲而不是乙，" * 40,
    "one word": "really " * 500,
    "gaps": "not      5 but      6 " * 100,
}
# A hang was minutes; everything here takes some seconds on a busy machine of two cores.
HANG = 60.0


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    # Each text is nearly a minute's allowance of its own.
    settings = {"MEMLOOM_GATEWAY__INPUT_TOKENS_PER_MINUTE": "0"}
    data = tmp_path_factory.mktemp("hard") / "data"
    with Memloom(data, settings=settings) as running:
        task = running.add_messages("anna", [{"role": "user", "content": "I live in Oslo."}])
        running.wait_for_task(task)
        yield running


@pytest.fixture
def beside(memloom: Memloom) -> Iterator[list[float]]:
    """Another client's searches meanwhile: the seconds of each."""
    seconds: list[float] = []
    stop = threading.Event()

    def search() -> None:
        while not stop.is_set():
            begun = time.monotonic()
            memloom.search("anna", "Where do I live?", [])
            seconds.append(time.monotonic() - begun)
            stop.wait(0.05)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(search)
        yield seconds
        stop.set()
        running.result(timeout=HANG)
    assert max(seconds) < HANG / 4


def _cpu(memloom: Memloom, work: Callable[[], Any]) -> float:
    """Seconds of processor time of the server for the work."""
    assert memloom.process is not None
    process = psutil.Process(memloom.process.pid)
    before = sum(process.cpu_times()[:2])
    work()
    return sum(process.cpu_times()[:2]) - before


def _post(memloom: Memloom, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = httpx.post(
        f"{memloom.url}/api/openmem/v1{path}",
        json=body,
        headers={"Authorization": f"Token {memloom.key}"},
        timeout=HANG,
    ).json()
    assert isinstance(answer, dict)
    return answer


def note(what: str, name: str, took: float, beside: list[float]) -> None:
    """The figures, for whoever looks into the log of a run."""
    slowest = max(beside, default=0.0)
    logging.getLogger(__name__).info("%s %s: %.2f s, %.2f s beside", what, name, took, slowest)


@pytest.mark.parametrize("name", TEXTS)
def test_a_query_is_answered(memloom: Memloom, beside: list[float], name: str) -> None:
    body = {"user_id": "anna", "query": TEXTS[name]}
    took = _cpu(memloom, lambda: _post(memloom, "/search/memory", body))
    assert _post(memloom, "/search/memory", body)["code"] == 0
    note("query", name, took, beside)
    assert took < HANG


@pytest.mark.parametrize("name", TEXTS)
def test_messages_are_kept(memloom: Memloom, beside: list[float], name: str) -> None:
    messages = [{"role": "user", "content": TEXTS[name]}]

    def add() -> None:
        task = memloom.add_messages(f"u {name}", messages)
        assert memloom.wait_for_task(task, seconds=HANG)["status"] == "completed"

    took = _cpu(memloom, add)
    note("message", name, took, beside)


@pytest.mark.parametrize("name", TEXTS)
def test_memories_are_extracted(memloom: Memloom, beside: list[float], name: str) -> None:
    text = TEXTS[name][: 4_000 if TEXTS[name] > "\u2e80" else 31_000]
    body = {"messages": [{"role": "user", "content": text}]}
    answers: list[dict[str, Any]] = []
    took = _cpu(memloom, lambda: answers.append(_post(memloom, "/extract/memory", body)))
    assert answers[0]["code"] == 0, answers
    note("extract", name, took, beside)


@pytest.mark.parametrize("name", FEEDBACKS)
def test_a_feedback_ends_with_a_reason(memloom: Memloom, beside: list[float], name: str) -> None:
    words = FEEDBACKS[name]

    def give() -> None:
        task = memloom.feedback("anna", words, [])
        assert memloom.wait_for_task(task, seconds=HANG)["status"] in {"completed", "failed"}

    took = _cpu(memloom, give)
    note("feedback", name, took, beside)


def test_words_that_no_rule_reads_are_found(memloom: Memloom) -> None:
    words = "quixotic " + "marmalade and 5 kg " * 300
    task = memloom.add_messages("bo", [{"role": "user", "content": words}])
    memloom.wait_for_task(task)
    found = memloom.search("bo", "quixotic marmalade", [])
    assert "quixotic" in str(found)


class _Deadly(Memloom):
    """One whose memorizer dies of a certain word."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.support.deadly_main", *super().command()[1:]]


def test_a_message_that_kills_the_process_is_set_aside(tmp_path: Path) -> None:
    with _Deadly(tmp_path / "data") as memloom:
        words = f"My cat Ada knows {DEADLY} from Tromso."
        task = memloom.add_messages("eve", [{"role": "user", "content": words}])
        deaths = 0
        while deaths < 20:
            assert memloom.process is not None
            process = memloom.process
            try:
                wait_until(
                    lambda: (
                        process.poll() is not None  # noqa: B023 - called at once
                        or memloom.data_of("/get/status", {"task_id": task})["status"] != "running"
                    ),
                    HANG,
                    "the process dies or the task ends",
                )
            except httpx.TransportError:
                process.wait(timeout=10)
            if process.poll() is None:
                break
            deaths += 1
            memloom.process = None
            try:
                memloom.start()
            except AssertionError:  # it died before it was ready
                continue
        assert 0 < deaths < 20
        status = memloom.data_of("/get/status", {"task_id": task})
        assert status["status"] == "failed", status
        found = memloom.search("eve", "cat Ada Tromso", [])
        assert DEADLY in str(found)
