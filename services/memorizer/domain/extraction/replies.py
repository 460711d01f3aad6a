"""A short answer takes its subject from the question before it: "How old are you?", "42"."""

import re
from typing import Final

from services.kernel.contracts.events import Message
from services.kernel.contracts.records import Kind
from services.memorizer.domain.extraction import talk
from services.memorizer.domain.extraction.draft import MemoryDraft
from services.memorizer.domain.extraction.language import is_chinese, same_words
from services.memorizer.domain.extraction.sentences import sentences
from services.memorizer.domain.extraction.third_person import capital
from services.memorizer.domain.extraction.turn import Turn, tags_of

_LONGEST_ANSWER: Final = 120
_LONGEST_QUESTION: Final = 300
_OF_USER: Final = re.compile(r"你|您|\b(?:you|your)\b", re.IGNORECASE)
# What the assistant offers is no question about the user.
_OFFERS: Final = re.compile(
    r"需要我|要我|要不要|想让我|我(?:可以|来|能)|还有(?:什么|别的|其他)|(?:能|可以)帮|还需要|明白了吗|对吗|可以吗|"
    r"\b(?:would you like|do you want me|shall i|should i|can i|may i|let me|want me to|how can i|"
    r"anything else|does that|is that|make sense|sound good|how does|how about|ready to)\b",
    re.IGNORECASE,
)
_EMPTY: Final = re.compile(
    r"^(?:谢谢|多谢|好的?|嗯+|哦+|随便|都行|不知道|不清楚|算了|没事|ok(?:ay)?|thanks?.{0,20}|sure|great|cool|"
    r"i don['’]t know|not sure|whatever|never ?mind|nothing|hm+|lol)$",
    re.IGNORECASE,
)


def reply_draft(turn: Turn, previous: Message | None) -> MemoryDraft | None:
    """Return the answer with its question as one fact, None where it answers none about the
    user, or asks something itself.
    """
    answer = turn.message.text.strip()
    question = "" if previous is None else _question(previous.text)
    if not question or not 0 < len(answer) <= _LONGEST_ANSWER or "\n" in answer:
        return None
    bare = answer.strip(" .!。！~～")
    if answer.endswith(("?", "？")) or not re.search(r"\w", bare) or _EMPTY.match(bare):
        return None
    if talk.is_request(bare) or talk.is_question(bare, sentence_asks=False, last=True):
        return None
    chinese = is_chinese(question)
    speaker = turn.speaker
    value = (
        f"被问“{question}”时，{speaker.chinese}回答：“{answer}”"
        if chinese
        else f'{capital(speaker.english)} answered "{answer}" when asked "{question}"'
    )
    return turn.draft(
        Kind.FACT,
        0,
        key="回答" if chinese else "Answer",
        value=value,
        evidence=(turn.evidence(0, len(turn.message.text)),),
        context=f"{question} {turn.said_on(question)}",
        tags=tags_of(turn.event, "", value),
        content=same_words(f"{question} {answer}"),
        confidence=0.8,
    )


def _question(text: str) -> str:
    """The last sentence of the assistant's words, where it asks about the user; "" otherwise."""
    spans = sentences(text)
    if not spans:
        return ""
    last = spans[-1].text.strip()
    asks = last.endswith(("?", "？")) and len(last) <= _LONGEST_QUESTION
    about = _OF_USER.search(last) and not _OFFERS.search(last)
    return last if asks and about else ""
