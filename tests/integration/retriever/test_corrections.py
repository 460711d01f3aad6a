"""Corrections above what they correct, and beside nothing else."""

from services.kernel.contracts.records import Kind, MemoryRecord
from tests.support.searching import World, passage

OFFICE = "办公类软件的采购上限为800元，例如文字处理软件。"
DESIGN = "设计类软件的采购上限为1000元，例如绘图软件。"
MEALS = "餐补每个出勤日补贴15元，夜宵券面值12元。"


def correction(
    text: str, *, old: str, new: str, start: int, end: int, day: int = 0, document: str = "制度.md"
) -> MemoryRecord:
    target = f"kb1/{document}"
    return passage(
        text,
        document=document,
        kind=Kind.CORRECTION,
        ordinal=day,
        anchor=None,
        context="软件采购制度",
        key="软件采购制度",
        weight=2.0,
        created_at=1_750_000_000_000 + day,
        detail={
            "old": old,
            "new": new,
            "subject": text[:10],
            "anchors": [{"document_id": target, "start": start, "end": end}],
            "document_ids": [target],
        },
    )


async def world_with(*corrections: MemoryRecord) -> World:
    world = World()
    await world.put(
        [
            passage(f"{OFFICE}{DESIGN}", document="制度.md", title="软件采购制度"),
            passage(MEALS, document="餐补.md", title="餐补"),
            *corrections,
        ]
    )
    return world


OFFICE_IS_600 = correction(
    "用户确认：办公类软件的采购上限为600元，而不是800元。", old="800元", new="600元",
    start=0, end=len(OFFICE),
)  # fmt: skip


async def test_the_correction_stands_above_the_marked_passage() -> None:
    world = await world_with(OFFICE_IS_600)
    answer = await world.search("办公软件最多能报多少钱？", user=None)
    first, second = answer.memories[:2]
    assert first.record.id == OFFICE_IS_600.id
    assert second.corrected_by == (str(OFFICE_IS_600.id),)
    assert first.relativity >= second.relativity


async def test_a_question_about_a_sibling_gets_the_passage_first() -> None:
    world = await world_with(OFFICE_IS_600)
    answer = await world.search("设计类绘图软件的上限是多少？", user=None)
    assert answer.memories[0].record.kind is Kind.PASSAGE
    assert answer.memories[0].corrected_by == (str(OFFICE_IS_600.id),)


async def test_other_documents_are_not_touched() -> None:
    world = await world_with(OFFICE_IS_600)
    answer = await world.search("夜宵券面值多少？", user=None)
    assert answer.memories[0].record.value == MEALS
    assert answer.memories[0].corrected_by == ()


async def test_a_correction_in_other_words_comes_along_with_its_passage() -> None:
    told = correction("用户确认：改成了600。", old="800元", new="600", start=0, end=len(OFFICE))
    world = await world_with(told)
    answer = await world.search("文字处理软件的采购上限", user=None)
    assert answer.memories[0].record.id == told.id


async def test_marks_are_in_order_of_time() -> None:
    later = correction(
        "用户确认：办公类软件的采购上限为500元，而不是800元。", old="800元", new="500元",
        start=0, end=len(OFFICE), day=5,
    )  # fmt: skip
    world = await world_with(later, OFFICE_IS_600)
    answer = await world.search("办公软件的采购上限", user=None)
    marked = next(item for item in answer.memories if item.record.kind is Kind.PASSAGE)
    assert marked.corrected_by == (str(OFFICE_IS_600.id), str(later.id))


async def test_without_corrections_wanted_the_marks_stay() -> None:
    world = await world_with(OFFICE_IS_600)
    answer = await world.search("办公软件的采购上限", user=None, kinds=(Kind.PASSAGE,))
    assert [item.record.kind for item in answer.memories] == [Kind.PASSAGE]
    assert answer.memories[0].corrected_by == (str(OFFICE_IS_600.id),)
