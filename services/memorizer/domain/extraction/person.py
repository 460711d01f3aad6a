"""First person to third: "我家有…" becomes "用户家有…", "I moved" becomes "The user moved"."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from services.memorizer.domain.extraction.language import is_chinese

_PAST = frozenset(
    [
        "was",
        "were",
        "had",
        "did",
        "went",
        "came",
        "got",
        "made",
        "took",
        "saw",
        "said",
        "told",
        "knew",
        "thought",
        "found",
        "gave",
        "felt",
        "left",
        "kept",
        "began",
        "brought",
        "bought",
        "built",
        "caught",
        "chose",
        "drove",
        "drank",
        "ate",
        "fell",
        "fought",
        "flew",
        "forgot",
        "froze",
        "grew",
        "hid",
        "hurt",
        "lost",
        "led",
        "lent",
        "lay",
        "met",
        "paid",
        "ran",
        "rang",
        "rose",
        "sold",
        "sent",
        "shot",
        "slept",
        "spoke",
        "spent",
        "stood",
        "stole",
        "swam",
        "taught",
        "tore",
        "threw",
        "understood",
        "woke",
        "wore",
        "won",
        "wrote",
        "broke",
        "became",
        "held",
        "heard",
        "put",
        "cut",
        "read",
        "set",
        "quit",
        "let",
        "hit",
        "cost",
        "shut",
        "split",
        "spread",
        "beat",
        "bet",
        "cast",
        "dealt",
        "dug",
        "fed",
        "hung",
        "laid",
        "meant",
        "rode",
        "sang",
        "sat",
        "sank",
        "spun",
        "stuck",
        "struck",
        "swore",
        "swept",
        "swung",
        "wound",
        "withdrew",
        "overcame",
        "signed",
        "used",
    ]
)
_BASE = frozenset(
    ["need", "feed", "breed", "speed", "proceed", "succeed", "exceed", "bleed", "embed", "heed"]
)
_MODAL = frozenset(
    ["can", "could", "may", "might", "must", "shall", "should", "will", "would", "cannot", "ought"]
)
_ADVERBS = (
    r"(?:really|always|also|just|still|usually|never|often|currently|recently|mostly|sometimes|now|"
    r"generally|normally|typically|mainly|rarely|hardly|seldom|actually|only|already|finally|"
    r"absolutely|particularly|especially|personally|definitely|probably|simply|even|too|both|"
    r"truly|totally|kind of|sort of|occasionally|regularly|primarily|strongly|basically|soon|"
    r"then|first|ever|almost|nearly|barely|quite|once|(?!apply\b|reply\b|rely\b|supply\b|fly\b|multiply\b)\w+ly)"
)
_SHORT = {
    "i'm": "{S} is",
    "i've": "{S} has",
    "i'll": "{S} will",
    "i'd": "{S} would",
    "i": "{S}",
    "we're": "{S} and others are",
    "we've": "{S} and others have",
    "we'll": "{S} and others will",
    "we'd": "{S} and others would",
    "we": "{S} and others",
    "my": "{s}'s",
    "mine": "{s}'s",
    "our": "{s}'s",
    "ours": "{s}'s",
    "me": "{s}",
    "myself": "themselves",
    "us": "{s} and others",
    "ourselves": "themselves",
}
# "Book I": a number, nobody.
_NO_NUMERAL = "".join(
    rf"(?-i:(?<!\b{word} ))"
    for word in (
        "Book",
        "Part",
        "Type",
        "Phase",
        "Act",
        "War",
        "Chapter",
        "Volume",
        "Section",
        "Level",
    )
)
_FIRST_EN = re.compile(
    r"(?<![\w'’])"
    rf"{_NO_NUMERAL}(i['’](?:m|ve|ll|d)|we['’](?:re|ve|ll|d)|i|we|my|mine|our|ours|me|myself|us|ourselves)"
    rf"(?![\w'’])(?:(\s+(?>{_ADVERBS}\b))*\s+([A-Za-z]+(?:n['’]t)?)(?![\w'’]))?",
    re.IGNORECASE,
)
_FIRST_ZH = re.compile(
    r"(?:(?<!自)|(?<=来自)|(?<=出自))(?:我们|咱们|咱俩|我俩|本人|我|咱|俺)(?!国|市政)"
)
_PLACES = re.compile(
    r"公司|店|团队|部门|学校|医院|小区|工厂|厂|单位|班|组|村|镇|馆|社区|工作室|项目|办公室"
)
_STARTS_ZH = re.compile(
    r"^(?:(?:从|自)?(?:今|明|昨|后|前|大后|当)(?:天|年|晚|早)|(?:上|下|这|本|每)(?:个)?(?:周|星期|礼拜|月|年|次)|"
    r"周|星期|\d+\s*[月号日点年]|早上|上午|中午|下午|傍晚|晚上|夜里|凌晨|周末|假期|暑假|寒假|小时候|年底|年初|月底|月初|春节|国庆|元旦|中秋|"
    r"近来|近期|这几天|这段时间|这阵子|现在|目前|最近|刚|已经?|正在|一直|经常|通常|平时|偶尔|有时|总是|从来|从不|以前|以后|"
    r"曾经?|又|还|也|再|就|都|不|没|很|更|最|特别|非常|比较|打算|准备|计划|想|要|会|能|可以|需要|应该|决定|"
    r"喜欢|爱|讨厌|偏好|习惯|害怕|担心|希望|觉得|认为|住|搬|养|买|卖|换|用|开|吃|喝|去|来|到|回|在|是|有|"
    r"姓|叫|学|教|做|当|干|负责|管|带|看(?!起来|来|上去)|听(?!起来|上去|说)|读|写|玩|跑|练|考|入职|离职|辞职|跳槽|毕业|结婚|离婚|订|约|预|定|租|"
    r"生|怀|得|患|对.{1,10}过敏|过敏|戒|名下|毕业|升|调|转|加入|退|办|领|收|给|跟|和|为了?|因为|今年|下班|上班|"
    r"出差|旅游|参加|报名|申请|取消|改|把|被|从|自己|每天|每周|每月|每年|后来|终于|差点|打|坐|骑|走|睡|起|忙|身高|体重)"
)

_ADDRESSES_ZH = re.compile(r"^(?:用户提到：)?(?:你|您)(?!们)")
_ADDRESSES_EN = re.compile(r"^you(?:['’]\w+)?\b", re.IGNORECASE)
# Said of a day, not of oneself.
_DAYS_OWN = re.compile(
    r"^(?:今天|明天|昨天|前天|后天|最近|近来|现在|这几天|早上|晚上)(?:的)?(?:[已都又也就]|已经)*(?:是|天气|气温)"
)


@dataclass(frozen=True, slots=True)
class Speaker:
    """How the one who speaks is called; the defaults are `用户` and `the user`."""

    chinese: str = "用户"
    english: str = "the user"


def third_person(text: str, speaker: Speaker, *, supply_subject: bool = True) -> str:
    """The words of `text` with its first person replaced; quotations are left as they are.
    supply_subject: put the speaker before a Chinese clause that has no subject of its own.
    """
    if is_chinese(text):
        told = _chinese(text, speaker.chinese, supply_subject=supply_subject)
        lead = (
            f"{speaker.chinese}对助手说：" if supply_subject and _ADDRESSES_ZH.match(told) else ""
        )
        return lead + told.removeprefix(f"{speaker.chinese}提到：") if lead else told
    told = _outside_quotes(text, lambda part: _english(part, speaker.english))
    start = re.compile(rf"([.!?]\s+){re.escape(speaker.english)}\b")
    told = start.sub(lambda match: match.group(1) + capital(speaker.english), told)
    if supply_subject and _ADDRESSES_EN.match(told):
        return f"{capital(speaker.english)} told the assistant: {told[:1].lower()}{told[1:]}"
    return capital(told)


def speaks_of_self(text: str) -> bool:
    """The first person stands in it, or is its unspoken subject in Chinese."""
    if is_chinese(text):
        return bool(_FIRST_ZH.search(text) or _STARTS_ZH.match(text))
    return bool(_FIRST_EN.search(text))


def capital(text: str) -> str:
    """The first letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]


def _outside_quotes(text: str, change: Callable[[str], str]) -> str:
    parts = re.split(r"(\"[^\"]*\"|“[^”]*”|`[^`]*`)", text)
    return "".join(part if at % 2 else change(part) for at, part in enumerate(parts))


def _chinese(text: str, who: str, *, supply_subject: bool) -> str:
    def change(part: str) -> str:
        def swap(match: re.Match[str]) -> str:
            after = part[match.end() : match.end() + 1]
            if _PLACES.match(part, match.end()):
                return f"{who}的"
            if match.group() in {"我们", "咱们", "我俩", "咱俩"} and after not in "的家":
                return f"{who}和家人" if match.group() in {"我俩", "咱俩"} else f"{who}这边"
            return who

        return _FIRST_ZH.sub(swap, part)

    changed = _outside_quotes(text, change)
    if who in changed or not supply_subject or _DAYS_OWN.match(changed):
        return changed
    return f"{who}{changed}" if _STARTS_ZH.match(changed) else f"{who}提到：{changed}"


_INVERTED = re.compile(
    r"\b(?:can|could|may|might|must|shall|should|will|would|do|did|to|let)\s+$", re.IGNORECASE
)


def _english(text: str, who: str) -> str:
    def swap(match: re.Match[str]) -> str:
        pronoun = match.group(1).replace("’", "'").casefold()
        verb = match.group(3)
        rest = match.group()[len(match.group(1)) :]
        new = _SHORT[pronoun].replace("{S}", who).replace("{s}", who)
        past = verb is not None and verb.casefold() not in _BASE
        if pronoun == "i'd" and past and re.fullmatch(r"better|\w+ed|been|had", str(verb)):
            new = f"{who} had"
        if verb is None:
            return new
        if pronoun == "i" and not _INVERTED.search(text[: match.start()]):
            rest = rest[: len(rest) - len(verb)] + _agree(verb)
        elif verb.casefold() in {"i", "we", "my", "me", "our", "us"}:
            rest = rest[: len(rest) - len(verb)] + _english(verb, who)
        return new + rest

    return re.sub(r"\b(and|or|but) am\b", r"\1 is", _FIRST_EN.sub(swap, text))


_IRREGULAR = {
    "am": "is", "have": "has", "do": "does", "don't": "doesn't", "haven't": "hasn't",
    "wanna": "wants to", "gotta": "has to",
}  # fmt: skip


def _agree(verb: str) -> str:
    low = verb.replace("’", "'").casefold()
    fixed = {
        "wanna": "wants to",
        "gotta": "has to",
        "am": "is",
        "have": "has",
        "do": "does",
        "don't": "doesn't",
        "haven't": "hasn't",
    }
    if low in fixed:
        return fixed[low]
    if (
        low in _PAST
        or low in _MODAL
        or (low.endswith(("ed", "n't")) and low not in _BASE)
        or low in _NO_VERB
    ):
        return verb
    if low.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if low.endswith("y") and low[-2:-1] not in set("aeiou"):
        return verb[:-1] + "ies"
    return verb + "s"


_NO_VERB = frozenset(
    [
        "and",
        "or",
        "but",
        "who",
        "which",
        "that",
        "with",
        "to",
        "in",
        "on",
        "at",
        "for",
        "of",
        "as",
        "is",
        "was",
        "are",
        "were",
        "the",
        "a",
        "an",
        "have",
    ]
)
