"""Which language a text is in, and when two texts say the same."""

import re
import unicodedata

CJK = r"\u3400-\u9fff"
_HAN = re.compile(f"[{CJK}]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_NOISE = re.compile(r"[\W_]+")
_FILLERS_ZH = re.compile(r"[了的吧啊呀呢哦啦嘛哈]|用户|现在|目前|一下")
_FILLERS_EN = re.compile(
    r"\b(?:the|a|an|user|users|s|is|are|was|has|have|now|currently|really|also|just|that|very)\b"
)


def is_chinese(text: str) -> bool:
    """True when Chinese carries the text: more Chinese characters than half its Latin words."""
    return 2 * len(_HAN.findall(text)) > len(_LATIN_WORD.findall(text))


def same_words(text: str) -> str:
    """A form in which two statements that differ in filler words only are equal."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    spaced = _NOISE.sub(" ", plain)
    chinese = is_chinese(plain)
    bare = _FILLERS_ZH.sub("", spaced) if chinese else _FILLERS_EN.sub(" ", spaced)
    return re.sub(r"\s+", "" if chinese else " ", bare).strip()
