"""Which language a text is in, as far as there are rules for it."""

import re
from typing import Final, Literal

from services.language.lexicon import foreign_function_words, words_of

Language = Literal["zh", "en", "other"]

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
# Kana, Hangul, Cyrillic, Greek, Arabic, Hebrew, Thai, Devanagari: languages without a lexicon.
_OTHER_SCRIPT: Final = re.compile(
    r"[\u0370-\u03ff\u0400-\u052f\u0590-\u06ff\u0900-\u097f\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]"
)
_WORD: Final = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)?")
# More of a text than this tells nothing new about its language.
_MOST_CHARACTERS: Final = 2_000


def language_of(text: str) -> Language:
    """Return the language that carries a text; `other` gets no rules.

    Chinese carries it with more characters than half of its Latin words. Latin words are English
    unless words of another language stand in it that outnumber the English function words.
    """
    head = text[:_MOST_CHARACTERS]
    other = len(_OTHER_SCRIPT.findall(head))
    han = len(_HAN.findall(head))
    words = [word.replace("’", "'").casefold() for word in _WORD.findall(head)]
    if other and other * 2 >= han + len(words):
        return "other"
    if 2 * han > len(words):
        return "zh"
    english = sum(word in words_of("en").function_words for word in words)
    foreign = sum(word in foreign_function_words() for word in words)
    return "other" if foreign > english else "en"
