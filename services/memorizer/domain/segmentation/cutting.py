"""Where a long paragraph may be cut: at sentences, else clauses, else words, CJK aware."""

import re
from typing import Final

from services.memorizer.domain.segmentation.tokens import count_tokens

# From best to worst; each match ends where the next part may begin.
_SENTENCE = re.compile(r"[。！？…]+[”’」』）)]*|(?<![.!?])[.!?]++[\"”’)]*+(?=\s)|；|\n+")
_CLAUSE = re.compile(r"[，、：;:,](?=\s|[\u3400-\u9fff])|[，、]")
# Words with which a new thought begins, in speech without punctuation (general discourse markers).
_TURN = re.compile(
    r"(?=另外|此外|还有|最后|首先|其次|然后|接下来|再说|再讲|再来|第[一二三四五六七八九十][，点个]?|总之|不过|但是|所以|因此|如果|那么|关于|至于|下面|"
    r"\b(?:so|and then|now|next|also|finally|another|okay|however|because|if you|when you)\b)",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")
_EARLIEST: Final = 0.55
_LATEST: Final = 1.2
_CHARACTERS_A_TOKEN: Final = 9


def cut(text: str, *, goal: int, overlap: int) -> list[tuple[int, int]]:
    """Spans that cover `text`, each of about `goal` tokens, neighbours sharing up to `overlap`
    tokens. A text that fits is one span.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    begin = 0
    while True:
        end = _next_cut(text, start, goal)
        spans.append((begin, end))
        if end >= len(text):
            return spans
        begin = _overlapped(text, begin, end, overlap)
        start = end


def _next_cut(text: str, start: int, goal: int) -> int:
    window = text[start : start + int(goal * _LATEST) * _CHARACTERS_A_TOKEN]
    limit = _characters(window, goal * _LATEST)
    if start + limit >= len(text):
        return len(text)
    earliest, ideal = _characters(window, goal * _EARLIEST), _characters(window, goal)
    for pattern in (_SENTENCE, _CLAUSE, _TURN, _SPACE):
        ends = [
            found.end() for found in pattern.finditer(window) if earliest <= found.end() <= limit
        ]
        if ends:
            return start + min(ends, key=lambda end: abs(end - ideal))
    return start + max(ideal, 1)


def _overlapped(text: str, begin: int, end: int, overlap: int) -> int:
    """Where the next part begins: up to `overlap` tokens before the cut, at a boundary."""
    if not overlap:
        return end
    window = text[max(begin + 1, end - overlap * _CHARACTERS_A_TOKEN) : end]
    wanted = len(window) - _characters(window[::-1], overlap)
    offset = end - len(window)
    for pattern in (_SENTENCE, _CLAUSE, _TURN, _SPACE):
        starts = [
            found.end() for found in pattern.finditer(window) if wanted <= found.end() < len(window)
        ]
        if starts:
            return offset + starts[0]
    return max(begin + 1, offset + wanted)


def _characters(text: str, tokens: float) -> int:
    """How many characters of `text` make `tokens`; bisection over the one estimate."""
    low, high = 0, len(text)
    if count_tokens(text) <= tokens:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens(text[:middle]) <= tokens:
            low = middle
        else:
            high = middle - 1
    return max(low, 1)
