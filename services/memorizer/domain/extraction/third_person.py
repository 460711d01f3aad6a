"""A user's statement as a memory: "我家有…" becomes "用户家有…" where that is certain, and stays a
quotation with its speaker where it is not.

Only a clause with one plain first-person subject and nothing protected in it is rewritten. A clause
that names others by pronouns, joins further verbs, holds names, quotations, addresses or
identifiers, or stands in a language without a lexicon keeps its own words.
"""

import re
from dataclasses import dataclass
from typing import Final

from services.language.lexicon import words_of
from services.language.text.protected import protected_regions
from services.language.text.script import language_of

_WORD: Final = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’-][A-Za-z]+)*")
_MARKS: Final = re.compile(r"[\"“”«»()\[\]{}<>…*_#|=;]|--")
_MARKS_ZH: Final = re.compile(r"[\"“”《》「」『』()（）\[\]{}…*_#|=；：]|——")
_FIRST_ZH: Final = re.compile(r"(本人|我|俺)")
_JOINS: Final = frozenset({"and", "or", "but", "then", "to"})
_I_FORMS: Final = {"i'm": "is", "i've": "has", "i'll": "will"}
_AUXILIARY_FORMS: Final = {
    "am": "is", "have": "has", "do": "does", "don't": "doesn't", "haven't": "hasn't",
}  # fmt: skip
_SUBJECTS: Final = frozenset({"i", "i'm", "i've", "i'd", "i'll"})
# What points at something said before: it stays in its own words, with those.
_POINTING: Final = frozenset(
    {"myself", "it", "its", "this", "these", "those", "there", "here", "one", "ones", "it's"}
)
_LONGEST: Final = 320


@dataclass(frozen=True, slots=True)
class Speaker:
    """How the one who speaks is called; the defaults are `用户` and `the user`. shared: others
    read it, so that the words stay the speaker's own, behind his name.
    """

    chinese: str = "用户"
    english: str = "the user"
    shared: bool = False


def stated(words: str, speaker: Speaker, quoted: str = "") -> str:
    """Return the statement in the third person where that is certain, else as a quotation.

    quoted: the words to quote instead, where `words` lean on what stands before them.
    """
    if not speaker.shared and (not quoted or quoted == words):
        plain = rewritten(words, speaker)
        if plain is not None:
            return plain
    return quotation(quoted or words, speaker)


def quotation(words: str, speaker: Speaker, chinese: str = "说", english: str = "said") -> str:
    """Return the words behind who said them. chinese, english: the verb of saying."""
    bare = words.strip()
    in_chinese = language_of(bare) == "zh"
    if speaker.shared:
        return f"{speaker.chinese}：{bare}" if in_chinese else f"{speaker.english}: {bare}"
    if in_chinese:
        return f"{speaker.chinese}{chinese}：“{bare}”"
    return f'{capital(speaker.english)} {english}: "{bare}"'


def rewritten(words: str, speaker: Speaker) -> str | None:
    """Return the statement in the third person, None where that is not certain."""
    bare = words.strip()
    if not bare or len(bare) > _LONGEST or protected_regions(bare):
        return None
    language = language_of(bare)
    if language == "zh":
        return _chinese(bare, speaker.chinese)
    return _english(bare, speaker.english) if language == "en" else None


def capital(text: str) -> str:
    """Return the text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def _chinese(text: str, who: str) -> str | None:
    """我 opens the clause, after words of time at most; each further one opens a clause or owns."""
    words = words_of("zh")
    if _MARKS_ZH.search(text) or any(word in text for word in words.first_person_compounds):
        return None
    if any(word in text for word in (*words.several_persons, *words.other_persons)):
        return None
    opener, subject, _ = (
        _FIRST_ZH.split(text, maxsplit=1) if _FIRST_ZH.search(text) else (text, "", "")
    )
    opener = opener.strip("，, ")
    if not subject or (opener and opener not in words.openers):
        return None
    for match in list(_FIRST_ZH.finditer(text))[1:]:
        if text[match.start() - 1] not in "，," and text[match.end() : match.end() + 1] != "的":
            return None
    changed = _FIRST_ZH.sub(who, text)
    return changed if len(changed) > len(opener) + len(who) else None


def _english(text: str, who: str) -> str | None:
    words = words_of("en")
    matches = list(_WORD.finditer(text))
    tokens = [match.group().replace("’", "'").casefold() for match in matches]
    others = set(tokens) & (words.several_persons | words.other_persons | _POINTING)
    first = _first_word(tokens, matches, text)
    if first is None or others or _MARKS.search(text):
        return None
    subjects = [at for at, token in enumerate(tokens) if token in _SUBJECTS]
    possessives = [at for at, token in enumerate(tokens) if token in {"my", "me", "mine"}]
    if any(matches[at].group()[0].isupper() and at != first for at in possessives):
        return None  # a title: "... is My Brilliant Friend"
    if tokens[first] == "my":
        changed = _possessed(first, tokens, matches, subjects)
    elif subjects == [first]:
        changed = _agreed(first, tokens)
    else:
        return None
    if changed is None:
        return None
    for at in possessives:
        changed[at] = who if tokens[at] == "me" else f"{who}'s"
    if tokens[first] != "my":
        changed[first] = f"{who}{changed.get(first, '')}"
    return capital(_substituted(text, matches, changed))


def _first_word(tokens: list[str], matches: list[re.Match[str]], text: str) -> int | None:
    """Where the clause begins behind an opener ("now", "by the way,")."""
    at = 0
    openers = words_of("en").openers
    while at < len(tokens):
        opened = next(
            (
                size
                for size in (3, 2, 1)
                if " ".join(tokens[at : at + size]) in openers and at + size < len(tokens)
            ),
            0,
        )
        if not opened:
            break
        at += opened
    if at >= len(tokens) or tokens[at] not in _SUBJECTS | {"my"}:
        return None
    # Only white space and commas may stand before and between.
    return at if not re.search(r"[^\w\s,'’]", text[: matches[at].start()]) else None


def _possessed(
    first: int, tokens: list[str], matches: list[re.Match[str]], subjects: list[int]
) -> dict[int, str] | None:
    """A noun that is no name follows "my", and no further subject: "My car is red"."""
    if subjects or first + 1 >= len(tokens) or matches[first + 1].group()[0].isupper():
        return None
    return {}


def _agreed(first: int, tokens: list[str]) -> dict[int, str] | None:
    """The verb behind "I" in the third person; None where the verb is not known for certain, or
    a further verb would have to agree with it.
    """
    words = words_of("en")
    changed: dict[int, str] = {}
    form = tokens[first]
    at = first + 1
    while at < len(tokens) and tokens[at] in words.adverbs:
        at += 1
    if at >= len(tokens) or form == "i'd":
        return None
    bare = words.present_verbs | {"am", "have", "do", "don't", "haven't"}
    for join, verb in zip(tokens[at:], tokens[at + 1 :], strict=False):
        if join in _JOINS - {"to"} and verb in bare:
            return None
    if form in _I_FORMS:
        changed[first] = f" {_I_FORMS[form]}"
        return changed
    verb = tokens[at]
    if verb in words.auxiliaries:
        changed[at] = _AUXILIARY_FORMS.get(verb, verb)
    elif verb in words.present_verbs:
        changed[at] = _third_form(verb)
    elif verb not in words.past_verbs:
        return None
    return changed


def _third_form(verb: str) -> str:
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    if verb.endswith("y") and verb[-2:-1] not in set("aeiou"):
        return verb[:-1] + "ies"
    return verb + "s"


def _substituted(text: str, matches: list[re.Match[str]], changed: dict[int, str]) -> str:
    parts: list[str] = []
    last = 0
    for at in sorted(changed):
        match = matches[at]
        parts += [text[last : match.start()], changed[at]]
        last = match.end()
    return "".join([*parts, text[last:]])
