"""Dead letters over REST: operators' keys alone."""

import base64
from uuid import UUID

from services.kernel.contracts.events import DocumentSubmitted, Envelope
from services.kernel.ports.bus import DeadLetter
from tests.support.gateway import Door

LETTERS = "/api/v1/dead-letters"


def letter(identifier: str, value: bytes, group: str = "parser") -> DeadLetter:
    return DeadLetter(
        id=identifier,
        topic="kb.document.stored.v1",
        group=group,
        key="d1",
        value=value,
        headers={"traceparent": b"00-1"},
        cause="KeyError",
        error_code=50002,
        attempts=3,
        origin="kb.document.stored.v1/0/7",
        set_aside_at=5,
    )


async def test_dead_letters_are_listed_shown_and_dropped(door: Door) -> None:
    door.letters.letters = {
        "1": letter("1", b"\xff{broken"),
        "2": letter("2", b"{}", group="memorizer"),
    }
    listed = (await door.get(LETTERS)).json()["dead_letters"]
    assert [one["id"] for one in listed] == ["1", "2"]
    some = (await door.get(f"{LETTERS}?group=memorizer")).json()["dead_letters"]
    assert [one["id"] for one in some] == ["2"]
    shown = (await door.get(f"{LETTERS}/1")).json()
    assert base64.b64decode(shown["value"]) == b"\xff{broken"
    assert (shown["text"], shown["headers"]) == ("\\xff{broken", {"traceparent": "00-1"})
    for _, status in ((1, 200), (2, 404)):
        dropped = await door.http.delete(f"{LETTERS}/1", headers=door.headers)
        assert dropped.status_code == status
    assert list(door.letters.letters) == ["2"]


async def test_a_replay_lets_its_document_be_processed_again(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    (submitted,) = [one for one in await door.events() if isinstance(one, DocumentSubmitted)]
    envelope = Envelope.wrap(submitted, event_id=UUID(int=1), time=0, producer="gateway")
    door.letters.letters = {"1": letter("1", envelope.model_dump_json().encode())}
    await door.progress(file["id"], outcome="failed", error_code=50002, error_message="x")
    answer = await door.http.post(f"{LETTERS}/1/replay", headers=door.headers)
    assert (answer.status_code, door.letters.replayed) == (200, ["1"])
    assert (await door.file(file["id"]))["status"] == "PROCESSING"
    again = await door.http.post(f"{LETTERS}/1/replay", headers=door.headers)
    assert again.status_code == 404


async def test_no_other_key_sees_dead_letters(door: Door) -> None:
    door.letters.letters = {"1": letter("1", b"{}")}
    for project in ("default", "other"):
        _, key = await door.gateway.access.create_key(project=project, plan="pro")
        for method, path in (
            ("GET", LETTERS),
            ("GET", f"{LETTERS}/1"),
            ("POST", f"{LETTERS}/1/replay"),
            ("DELETE", f"{LETTERS}/1"),
        ):
            answer = await door.http.request(
                method, path, headers={"authorization": f"Token {key}"}
            )
            assert (answer.status_code, answer.json()["code"]) == (403, 40103), path
    assert list(door.letters.letters) == ["1"]
