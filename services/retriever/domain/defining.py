"""Questions for the meaning of a term, and the passages that define it.

Words alone do not tell where a term is defined and where it is merely used; the wording does
("X" means …, X 是指 …), as in the definition patterns of Hildebrandt, Katz and Lin (2004).
"""

import re
from collections.abc import Sequence

from services.retriever.domain.candidates import Candidate

# The wording of both must fit, so that it may decide between passages that all speak of the term.
_DEFINES = 2.0
_I = re.IGNORECASE
_TERM_EN = r"(?P<term>[\w'’&/ -]{2,60}?)"
_TERM_ZH = r"(?P<term>[\w·（）()&/ -]{2,20}?)"
_QUOTES = "\"'“”‘’「」『』《》"
_ASKED = (
    re.compile(
        rf"^(?:so,? |and |please,? )*(?:what|who)(?:['’]s| is| are| was)? (?:exactly |actually )?"
        rf"(?:counts? as|counted as|(?:is |are )?meant by|qualif(?:y|ies) as"
        rf"|(?:is |are )?considered(?: as)?|the (?:definition|meaning) of|a definition of)"
        rf"\s+(?:an? |the |being )?{_TERM_EN}(?: here| in this (?:\w+))?[?.\s]*$",
        _I,
    ),
    re.compile(
        rf"^what (?:do|does|did) (?:the (?:term|word) |an? |the )?{_TERM_EN}"
        rf" (?:mean|stand for|refer to)(?: here| in this (?:\w+))?[?.\s]*$",
        _I,
    ),
    re.compile(rf"^how (?:is|are) (?:an? |the )?{_TERM_EN} (?:defined|understood)[?.\s]*$", _I),
    re.compile(
        rf"^(?:define|(?:the )?(?:definition|meaning) of) (?:an? |the )?{_TERM_EN}[?.\s]*$", _I
    ),
    re.compile(rf"^what (?:is|are) (?:an? )?{_TERM_EN}[?.\s]*$", _I),
    re.compile(
        rf"^(?:请问)?(?:什么|怎样|怎么|如何|哪些(?:情况|人|东西)?)(?:样的?)?(?:才|就)?(?:叫做?|算作?|算是|称为|属于|是)\s*{_TERM_ZH}[？?。呢啊呀\s]*$"
    ),
    re.compile(
        rf"^(?:请问)?{_TERM_ZH}(?:是|指|代表|说)?的?(?:是什么意思|什么意思|指的是什么|是指什么|指什么|的定义是什么|的定义|的含义是什么|的含义|是什么|如何定义|怎么定义|怎么算)[？?。呢啊呀\s]*$"
    ),
    re.compile(rf"^何(?:谓|为){_TERM_ZH}[？?。\s]*$"),
)
_SAYS_EN = (
    r"\s+(?:(?:shall |will )?means?|(?:is|are) defined as|(?:shall |will )?refers? to"
    r"|(?:is|are) (?:deemed|considered|understood|taken) (?:to|as|any|every|all)"
    r"|(?:counts?|qualif(?:y|ies)) (?:as|if|when)|stands? for|denotes?|comprises?)\b"
)
_SAYS_ZH = r"\s*(?:，|,)?\s*(?:系指|是指|指的是|意指|意为|是指代|定义为|即为|指(?![定导示数南标]))"


def asked_term(text: str) -> str:
    """The term whose meaning a query asks for, "" where it asks for something else."""
    bare = text.translate({ord(quote): None for quote in _QUOTES}).strip()
    found = (pattern.match(bare) for pattern in _ASKED)
    return next((match["term"].strip() for match in found if match), "")


def defines(text: str, term: str) -> bool:
    """Whether a text says what the term means."""
    name = r"\s+".join(map(re.escape, term.split()))
    quoted = rf"[{_QUOTES}]?{name}[{_QUOTES}]?"
    ascii_name = term.isascii()
    says = rf"(?<![\w-]){quoted}{_SAYS_EN}" if ascii_name else f"{quoted}{_SAYS_ZH}"
    return re.search(says, text, _I) is not None


def weigh_definitions(candidates: Sequence[Candidate], text: str) -> None:
    """Raise the scores of passages that define what the query asks the meaning of."""
    term = asked_term(text)
    if not term:
        return
    for candidate in candidates:
        if candidate.score > 0 and defines(candidate.record.value, term):
            candidate.score *= _DEFINES
            candidate.scores["defines"] = _DEFINES
