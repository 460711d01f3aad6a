"""What a user says about the remembering itself: what is to be forgotten, and what not kept."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from services.language.lexicon import words_of
from services.language.text.script import language_of
from services.memorizer.domain.extraction import attributes_en, attributes_zh

_SENTENCES: Final = re.compile(r"[.!?。！？\n]+")
# A directive opens its sentence; more of it than this is not looked at, in characters.
_LONGEST: Final = 200
_POLITE: Final = re.compile(
    r"(?:(?:please|and|oh|also|pls|请|麻烦|那|另外|你|您)[,，\s]*){0,4}", re.IGNORECASE
)
_OWN_EN: Final = re.compile(r"\b(?:my|me|i|i['’]m|i['’]ve)\b", re.IGNORECASE)
_EMPTY_EN: Final = frozenset(
    [
        *("my", "me", "i", "i'm", "i've", "am", "is", "was", "are", "the", "a", "an", "about"),
        *("that", "what", "where", "when", "who", "how", "of", "to", "in", "on", "at", "for"),
        *("everything", "anything", "said", "told", "you", "please", "memory", "memories"),
        *("from", "your", "it", "this", "thing", "info", "information", "details", "data"),
        *("have", "has", "had"),
    ]
)
_EMPTY_ZH: Final = re.compile(
    r"我的?|关于|这件事|的事情?|这个|那个|刚才|之前|说过?的?|所有|全部|一切|记忆|信息|资料|内容|吧|了|掉|请|把|跟"
)
_MISREMEMBER_ZH: Final = re.compile(r"[错混反]")
_SHORTEST_ZH: Final = 2


@dataclass(frozen=True, slots=True)
class Retraction:
    """What is to be forgotten: attributes by topic, or what holds all of `words`."""

    topics: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def is_off_record(text: str) -> bool:
    """Return whether a message asks, in the opening of one of its sentences, not to be kept."""
    return any(
        _opens(sentence, words_of(language).do_not_store_cues) is not None
        for sentence in _sentences(text)
        for language in ("zh", "en")
    )


def retraction(text: str) -> Retraction | None:
    """Return what a message asks to forget, None where it asks for nothing of the speaker's."""
    for sentence in _sentences(text):
        language = "zh" if language_of(sentence) == "zh" else "en"
        rest = _opens(sentence, words_of(language).forget_cues)
        if rest is None:
            continue
        found = _chinese(rest) if language == "zh" else _english(rest)
        if found is not None:
            return found
    return None


def _sentences(text: str) -> list[str]:
    return [part.strip()[:_LONGEST] for part in _SENTENCES.split(text) if part.strip()]


def _opens(sentence: str, cues: tuple[str, ...]) -> str | None:
    """The sentence behind the cue that opens it, None where none does."""
    polite = _POLITE.match(sentence)
    bare = sentence[polite.end() if polite else 0 :].casefold().replace("’", "'")
    for cue in sorted(cues, key=len, reverse=True):
        if not bare.startswith(cue):
            continue
        rest = bare[len(cue) :]
        if cue.isascii() and rest[:1].isalnum():
            continue
        if not cue.isascii() and _MISREMEMBER_ZH.match(rest):
            continue
        return rest.strip(" ,，:：-—")
    return None


def _english(rest: str) -> Retraction | None:
    if not _OWN_EN.search(rest):
        return None
    words = [word for word in re.findall(r"[\w'-]+", rest) if word not in _EMPTY_EN]
    named = re.findall(r"[\w'-]+", rest)
    return _retraction(
        _topics([(topic, set(_label_words(topic, "en"))) for topic in attributes_en.LABELS], named),
        words,
    )


def _chinese(rest: str) -> Retraction | None:
    if "我" not in rest:
        return None
    bare = _EMPTY_ZH.sub(" ", rest)
    words = [part for part in bare.split() if len(part) >= _SHORTEST_ZH]
    topics = {
        topic
        for topic in attributes_zh.LABELS
        for word in _label_words(topic, "zh")
        if word in rest and len(word) >= _SHORTEST_ZH
    }
    return _retraction(tuple(sorted(topics)), words)


def _topics(listed: list[tuple[str, set[str]]], named: list[str]) -> tuple[str, ...]:
    """The topics whose words the request names most of."""
    counts = {topic: len(words & set(named)) for topic, words in listed}
    most = max(counts.values(), default=0)
    return tuple(sorted(topic for topic, count in counts.items() if most and count == most))


@cache
def _label_words(topic: str, language: str) -> tuple[str, ...]:
    title, further = (attributes_zh if language == "zh" else attributes_en).LABELS[topic]
    return tuple(f"{title} {further}".casefold().split())


def _retraction(topics: tuple[str, ...], words: list[str]) -> Retraction | None:
    if not topics and not words:
        return None
    return Retraction(topics, tuple(dict.fromkeys(words)))
