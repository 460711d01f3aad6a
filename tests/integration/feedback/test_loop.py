"""One sentence, and every other user of the knowledge base finds it above what it corrects."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import JsonValue
from sqlalchemy import select

from services.feedback.store.tables import DECIDED
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.events import CorrectionDecided, Message
from services.kernel.contracts.records import Kind, Owner, OwnerType
from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest
from services.kernel.ports.models import Completion
from tests.support.corrections import NOW, passages
from tests.support.feedback import given, loop

POLICY = """# 软件采购报销制度
## 采购金额上限
设计类软件的采购上限为1000元。办公类软件的采购上限为800元，如 WPS。开发类软件的采购上限为1500元。
## 审批
超出限额的软件须提交专项审批。"""


async def test_the_correction_stands_above_the_text_that_stays(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        await world.put(passages("policy.md", POLICY))
        event = await world.say("办公类软件的采购上限是600元，而不是800元。")
        (decision,) = event.decisions
        assert decision.text == "用户确认：办公类软件的采购上限是600元，而不是800元。"
        assert (decision.old, decision.new) == ("800元", "600元")
        assert decision.before == "办公类软件的采购上限为800元，如 WPS。"
        assert decision.after == "办公类软件的采购上限为600元，如 WPS。"
        (anchor,) = decision.anchors
        assert POLICY[anchor.start : anchor.end] == decision.before
        found = await world.ask("办公软件最多能报多少钱？")
        texts = [item.record.value for item in found]
        assert texts[0] == decision.text
        stale = next(
            item for item in found if "800元" in item.record.value and item is not found[0]
        )
        assert stale.corrected_by == (str(decision.id),)
        assert stale.record.kind is Kind.PASSAGE


async def test_a_second_correction_replaces_the_first(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        await world.put(passages("policy.md", POLICY))
        first = await world.say("办公类软件的采购上限是600元，而不是800元。", number=1)
        second = await world.say("办公类软件的采购上限不是600元，是500元。", number=2)
        third = await world.say("办公类软件的采购上限改成 700 元了", number=3)
        slots = {d.attribute for e in (first, second, third) for d in e.decisions}
        assert len(slots) == 1
        anchors = {d.anchors for e in (first, second, third) for d in e.decisions}
        assert len(anchors) == 1
        texts = [item.record.value for item in await world.ask("办公软件最多能报多少钱？")]
        assert "700" in texts[0]
        assert not [text for text in texts if "500元" in text.replace("1500元", "")]


async def test_the_same_feedback_twice_is_one_correction(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        await world.put(passages("policy.md", POLICY))
        await world.say("办公类软件的采购上限是600元，而不是800元。", number=1)
        again = await world.say("办公类软件的采购上限是600元，而不是800元。", number=2)
        assert again.decisions == ()
        assert again.reason


async def test_a_repeat_before_it_is_applied_gives_the_same_ids(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        await world.put(passages("policy.md", POLICY))
        feedback = given("办公类软件的采购上限是600元。")
        assert await world.decide(feedback) == await world.decide(feedback)
        async with world.database.read() as tx:
            rows = await tx.all(select(DECIDED))
        assert [(row["feedback_id"], row["decisions"], row["method"]) for row in rows] == [
            ("f1", 1, "rules")
        ]


async def test_the_dry_run_changes_nothing_and_says_what_would(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        await world.put(passages("policy.md", POLICY))
        before = await world.memorizer.indexed()
        feedback = given("办公类软件的采购上限是600元。")
        preview = await world.feedback.preview(feedback)
        assert await world.memorizer.indexed() == before
        async with world.database.read() as tx:
            assert await tx.all(select(DECIDED)) == []
        assert preview == await world.decide(feedback)


async def test_only_the_knowledge_base_that_says_it_is_corrected(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        other = Owner(type=OwnerType.KNOWLEDGE_BASE, id="kb2")
        await world.put(passages("policy.md", POLICY))
        await world.put(passages("canteen.md", "# 食堂\n午餐 11:30 开始。", owner=other))
        bases = ("kb1", "kb2")
        event = await world.decide(given("开发类软件的采购上限是 1600 元", knowledgebase_ids=bases))
        assert [decision.owner.id for decision in event.decisions] == ["kb1"]
        added = await world.decide(given("新增：访客凭证件入内。", knowledgebase_ids=bases))
        assert [decision.owner.id for decision in added.decisions] == ["kb1", "kb2"]
        assert len({decision.id for decision in added.decisions}) == 2


async def test_words_without_a_subject_get_it_from_the_conversation(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        await world.put(passages("policy.md", POLICY))
        said = (
            Message(id="m1", role="user", text="办公类软件最多报多少？", chat_time=NOW - 20),
            Message(
                id="m2", role="assistant", text="办公类软件的上限是800元。", chat_time=NOW - 10
            ),
        )
        event = await world.decide(given("不对，应该是600元。", recent_messages=said))
        (decision,) = event.decisions
        assert decision.before.startswith("办公类软件")
        assert decision.old == "800元"
        assert "办公类软件" in decision.text
        assert "600元" in decision.text


async def test_without_a_knowledge_base_the_users_own_memory_is_corrected(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        boss = Owner(type=OwnerType.USER, id="boss")
        (fact,) = passages("facts", "用户家的金毛犬有三个月大。", owner=boss)
        await world.put(
            [fact.model_copy(update={"kind": Kind.FACT, "anchor": None, "user_id": "boss"})]
        )
        event = await world.decide(
            given("我的金毛犬是五个月大，不是三个月。", knowledgebase_ids=())
        )
        (decision,) = event.decisions
        assert decision.owner == boss
        assert decision.target_ids == (fact.id,)
        assert decision.anchors == ()
        assert event.key() == "p1/boss"


async def test_chit_chat_completes_with_a_reason(tmp_path: Path) -> None:
    async with loop(tmp_path) as world:
        await world.put(passages("policy.md", POLICY))
        before = await world.memorizer.indexed()
        event = await world.say("谢谢，你真棒！")
        assert event.decisions == ()
        assert "未作任何更改" in event.reason
        assert await world.memorizer.indexed() == before


class Down:
    """A retriever that is down."""

    async def search(self, request: SearchRequest) -> SearchAnswer:
        del request
        raise DependencyUnavailable("the retriever is down")


async def test_feedback_waits_while_the_retriever_is_down(tmp_path: Path) -> None:
    async with loop(tmp_path, retrieval=Down()) as world:
        with pytest.raises(DependencyUnavailable):
            await world.decide(given("办公类软件的采购上限是600元。"))
        assert (await world.decide(given("谢谢！"))).decisions == ()


class Scripted:
    """A chat model that answers what the test says, or is down."""

    identity = "scripted"

    def __init__(self, answer: JsonValue | None) -> None:
        self._answer = answer

    async def complete_json(
        self, *, system: str, user: str, schema: Mapping[str, JsonValue], name: str
    ) -> Completion:
        assert "800元" in user
        if self._answer is None:
            raise DependencyUnavailable("the model is down")
        return Completion(self._answer, 10, 10)

    async def complete_text(self, *, messages: object) -> Completion:
        raise NotImplementedError


WORDS = "办公类软件的采购上限是600元，而不是800元。"


def answer(**changes: object) -> JsonValue:
    """An answer of the model."""
    one: dict[str, object] = {
        "kind": "replace_value",
        "words": "办公类软件的采购上限是600元，而不是800元",
        "candidate": 1,
        "quote": "办公类软件的采购上限为800元",
        "old": "800元",
        "new": "600元",
    }
    found: JsonValue = {"is_correction": True, "corrections": [{**one, **changes}]}  # type: ignore[dict-item] # made of JSON
    return found


async def decided_with(folder: Path, scripted: JsonValue | None) -> tuple[CorrectionDecided, str]:
    async with loop(folder, chat_model=Scripted(scripted)) as world:
        await world.put(passages("policy.md", POLICY))
        event = await world.decide(given(WORDS))
        async with world.database.read() as tx:
            row = await tx.first(select(DECIDED))
        assert row is not None
        return event, row["method"]


async def test_a_models_decision_is_checked_against_the_candidates(tmp_path: Path) -> None:
    event, method = await decided_with(tmp_path, answer())
    assert method == "model"
    (decision,) = event.decisions
    (anchor,) = decision.anchors
    assert "800元" in POLICY[anchor.start : anchor.end]
    assert "1000元" not in POLICY[anchor.start : anchor.end]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "nonsense",
        answer(candidate=99),
        answer(quote="办公类软件没有上限"),
        answer(new="1元"),
        answer(old="900元"),
        answer(words="所有软件都免费"),
        answer(quote=POLICY.splitlines()[2]),
        {"is_correction": True, "corrections": [{}] * 50},
    ],
    ids=["down", "nonsense", "candidate", "quote", "new", "old", "words", "too much", "too many"],
)
async def test_rules_decide_where_the_model_cannot(tmp_path: Path, wrong: JsonValue) -> None:
    event, method = await decided_with(tmp_path, wrong)
    assert method == "rules"
    assert [decision.new for decision in event.decisions] == ["600元"]


async def test_the_model_may_say_that_it_is_no_correction(tmp_path: Path) -> None:
    event, method = await decided_with(tmp_path, {"is_correction": False, "corrections": []})
    assert (event.decisions, method) == ((), "model")
    assert event.reason
