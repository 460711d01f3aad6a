# ruff: noqa: E501 - a pattern is read as one line, however long
"""Assistant's turns: what it did or found by tools is a fact, an answer of substance stays raw."""

import re
from typing import cast

from pydantic import JsonValue

from services.kernel.contracts.events import Message
from services.kernel.contracts.records import Kind
from services.memorizer.domain.extraction import talk
from services.memorizer.domain.extraction.attributes import labels
from services.memorizer.domain.extraction.draft import MemoryDraft
from services.memorizer.domain.extraction.language import is_chinese, same_words
from services.memorizer.domain.extraction.sentences import sentences
from services.memorizer.domain.extraction.times import moments
from services.memorizer.domain.extraction.turn import LONGEST_MESSAGE, Turn, raw_draft, tags_of

_LONGEST_REPORT = LONGEST_MESSAGE // 4
_LONGEST_ACKNOWLEDGEMENT = 160
_TELLING = 3
_DONE_ZH = re.compile(
    r"(?:已经?|刚刚?)(?:为|帮|给|替)?(?:您|你)?(?:成功)?(?:下单|预订|预定|预约|取消|修改|提交|登记|设置|创建|发送|更新|订|办理|开通|安排|购买|支付|添加|"
    r"删除|安装|部署|重启|改成|改为|改到)|(?:订|办|约|买|改|换|设置|提交|安排|预约|创建|下单|取消|修改|更新|发送|部署|安装)(?:好|成功|完成)了?|(?:订单号|预约号|单号|编号|票号)"
)
_DONE_EN = re.compile(
    r"\b(?:I['’]ve|I have|has been|have been|is now|are now|successfully|was|were)\s+(?:now\s+|just\s+|successfully\s+)?"
    r"(?:booked|ordered|cancelled|canceled|scheduled|rescheduled|created|updated|sent|submitted|reserved|purchased|"
    r"placed|set|changed|moved|added|removed|deleted|installed|deployed|restarted|enabled|disabled|refunded|raised|"
    r"patched|paid|registered|confirmed)\b|^(?:booked|ordered|cancelled|scheduled|updated|sent|reserved|created)\b"
    r"|\b(?:order|booking|confirmation|ticket|reference) (?:number|no|id|code)\b",
    re.IGNORECASE,
)
_SUGGESTS = re.compile(
    r"推荐|建议|可以(?:试|考虑|用|去|选|看)|试试|不妨|适合|比如|例如|包括|首先|步骤|recommend|suggest|you (?:can|could|might|should)|try\b|consider|for example|"
    r"such as|options?|steps?|here (?:are|is)",
    re.IGNORECASE,
)
_ACKNOWLEDGES = re.compile(
    r"^(?:好的|好|嗯|明白|了解|收到|记下|记住|已记|没问题|ok|okay|noted|got it|understood|will do|sure|thanks|i(?:['’]ll| will| have|['’]ve) "
    r"(?:keep|note|remember|made a note))",
    re.IGNORECASE,
)


def assistant_drafts(turn: Turn, *, asked: Message | None, after_tools: bool) -> list[MemoryDraft]:
    """What the assistant did or found by tools as facts; an answer of substance as raw words.
    asked: the user's message before it.
    """
    text = turn.message.text
    spans = [
        one for one in sentences(text) if not one.is_readable or not talk.is_small_talk(one.text)
    ]
    telling = [
        one
        for one in spans
        if talk.has_specifics(one.text) or talk.content_words(one.text) >= _TELLING
    ]
    pattern = _DONE_ZH if is_chinese(text) else _DONE_EN
    done = [one for one in telling if one.is_readable and pattern.search(one.text)]
    stated = telling if after_tools else [one for one in done if talk.has_specifics(one.text)]
    if stated and len(text) <= _LONGEST_REPORT:
        question = asked.text if asked is not None else ""
        return [_done(turn, stated[0].start, stated[-1].end, question)]
    if not telling or not _worth_keeping(text):
        return []
    draft = raw_draft(turn, asked.id if asked is not None else "")
    return [draft] if draft else []


def _worth_keeping(text: str) -> bool:
    if _ACKNOWLEDGES.match(text) and len(text) < _LONGEST_ACKNOWLEDGEMENT:
        return False
    long = len(text) >= (60 if is_chinese(text) else 200)
    return long or (bool(_SUGGESTS.search(text)) and talk.content_words(text) >= _TELLING)


def _done(turn: Turn, start: int, end: int, asked: str) -> MemoryDraft:
    words = turn.message.text[start:end]
    chinese = is_chinese(words)
    title, further = labels("done", chinese=chinese)
    value = (
        f"助手告知{turn.speaker.chinese}：{words}"
        if chinese
        else f"The assistant reported: {words}"
    )
    when = moments(words, turn.day)
    detail = cast(
        "dict[str, JsonValue]", {"event_time": [one.label for one in when]} if when else {}
    )
    return turn.draft(
        Kind.FACT,
        start,
        key=title,
        value=value,
        context=" ".join((further, asked[:200], turn.said_on(words))).strip()
        + "".join(f" {one.label}" for one in when),
        evidence=(turn.evidence(start, end),),
        tags=tags_of(turn.event, title, value),
        content=same_words(words),
        subject="assistant",
        confidence=0.7,
        weight=0.9,
        detail=detail,
    )
