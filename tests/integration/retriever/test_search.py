"""The one search, over an index in memory."""

from services.kernel.contracts.records import Kind
from tests.support.searching import World, passage, said


async def test_one_answer_holds_knowledge_and_the_users_background() -> None:
    world = World()
    await world.put(
        [
            passage("办公类软件的采购上限为800元。", document="制度.md"),
            said("用户是设计师", kind=Kind.FACT),
        ]
    )
    answer = await world.search("办公软件最多能报多少钱")
    assert [item.record.kind for item in answer.memories] == [Kind.PASSAGE, Kind.FACT]
    assert answer.memories[1].relativity < 0.01 < answer.memories[0].relativity


async def test_an_explicit_threshold_is_honoured() -> None:
    world = World()
    await world.put(
        [
            passage("办公类软件的采购上限为800元。", document="制度.md"),
            said("用户是设计师", kind=Kind.FACT),
        ]
    )
    answer = await world.search("办公软件最多能报多少钱", threshold=0.1)
    assert [item.record.kind for item in answer.memories] == [Kind.PASSAGE]


async def test_nobody_sees_another_users_memories() -> None:
    world = World()
    await world.put([said("用户喜欢川菜", user="u2", kind=Kind.FACT)])
    answer = await world.search("用户喜欢什么菜", user="u1")
    assert answer.memories == ()


async def test_at_most_two_index_calls() -> None:
    world = World()
    await world.put([passage("Lamb food", document="a.md"), said("My dog eats lamb")])
    await world.search("lamb food")
    assert world.index.calls == 2
