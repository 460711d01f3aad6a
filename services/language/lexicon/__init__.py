"""Word lists by concept, one folder a language, loaded and checked once, at first use.

A new language is a folder with the same files and one more name in `LANGUAGES`.
"""

from functools import cache
from pathlib import Path
from typing import Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict

LexiconLanguage = Literal["zh", "en"]
LANGUAGES: Final[tuple[LexiconLanguage, ...]] = ("zh", "en")
_FOLDER: Final = Path(__file__).parent


class Words(BaseModel):
    """The lists of one language; a misspelt or missing list fails the load."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    function_words: frozenset[str]
    first_person: frozenset[str]
    several_persons: frozenset[str]
    other_persons: frozenset[str]
    first_person_compounds: tuple[str, ...]
    openers: tuple[str, ...]
    present_verbs: frozenset[str]
    past_verbs: frozenset[str]
    auxiliaries: frozenset[str]
    adverbs: frozenset[str]
    hand_over_verbs: tuple[str, ...]
    creative_verbs: tuple[str, ...]
    creative_works: tuple[str, ...]
    role_play: tuple[str, ...]
    greetings: tuple[str, ...]
    closings: tuple[str, ...]
    correction_cues: tuple[str, ...]
    forget_cues: tuple[str, ...]
    do_not_store_cues: tuple[str, ...]


@cache
def words_of(language: LexiconLanguage) -> Words:
    """Return the word lists of a language; ValidationError when its files are wrong."""
    merged: dict[str, list[str]] = {}
    for path in sorted((_FOLDER / language).glob("*.yaml")):
        merged |= _lists(path)
    return Words.model_validate(merged)


@cache
def foreign_function_words() -> frozenset[str]:
    """Return frequent words of languages that have no lexicon, none of which English has."""
    listed = _lists(_FOLDER / "other_languages.yaml")
    return frozenset(word for words in listed.values() for word in words)


def _lists(path: Path) -> dict[str, list[str]]:
    # Every scalar is a string: to YAML's other loaders the words "no", "yes" and "on" are truths.
    text = path.read_text("utf-8")
    found: dict[str, list[str]] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes strings only
    return found
