"""What the assistant answered speaks for what it was asked."""

from services.kernel.contracts.records import MemoryRecord
from tests.support.searching import World, said

ASKED = "Something is wrong with my kettle again."
ANSWER = "Limescale on the heating element is removed with vinegar or citric acid."
BEST = "Citric acid took the limescale off the heating element of my kettle."
QUESTION = "limescale on the heating element of the kettle, was it citric acid?"


def answer(*, replies_to: str = "") -> MemoryRecord:
    detail = {"replies_to": replies_to} if replies_to else {}
    return said(ANSWER, role="assistant", day=1.1, detail=detail)


def asked() -> MemoryRecord:
    return said(ASKED, day=1, message="asked")


def others() -> list[MemoryRecord]:
    """The best of all, and some that hold as little of the question as what was asked."""
    return [said(BEST, day=9), *(said(f"My kettle number {n}.", day=n) for n in range(2, 6))]


async def order(records: list[MemoryRecord]) -> list[str]:
    world = World()
    await world.put(records)
    found = await world.search(QUESTION, memory_limit=25)
    return [item.record.value for item in found.memories]


async def test_a_message_is_found_by_the_words_of_its_answer() -> None:
    alone = await order([asked(), answer(), *others()])
    linked = await order([asked(), answer(replies_to="asked"), *others()])
    assert linked.index(ASKED) < alone.index(ASKED)


async def test_it_is_not_lifted_to_the_best() -> None:
    linked = await order([asked(), answer(replies_to="asked"), *others()])
    assert linked[0] == BEST


async def test_an_answer_to_another_message_says_nothing_for_it() -> None:
    alone = await order([asked(), answer(), *others()])
    assert await order([asked(), answer(replies_to="another"), *others()]) == alone
