"""Terms that can name a thing: no grammar, no bare numbers, but "nova 10" and "200 plan"."""

from itertools import pairwise

from services.retriever.domain.background import wording
from services.retriever.domain.background.quantities import is_unit
from services.retriever.domain.text import Lexicon


def names(text: str, lexicon: Lexicon) -> list[str]:
    """The terms of a text that carry matter, in order, with a number joined to its neighbour."""
    terms = lexicon.terms(text)
    found = [term for term in terms if not empty(term)]
    found.extend(
        f"{first} {second}"
        for first, second in pairwise(terms)
        if first.isdigit() != second.isdigit()
    )
    return found


def empty(term: str) -> bool:
    """Whether a term is grammar only, or a bare number: quantities are compared as such."""
    if term.isdigit() or is_unit(term):
        return True
    if any(character in wording.GRAMMAR for character in term):
        return True
    return all(character in wording.COMMON for character in term)


def mixed(term: str) -> bool:
    """Whether a bigram may lie across a word and a common character: no name by itself."""
    return any(character in wording.COMMON for character in term)
