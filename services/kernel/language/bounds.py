"""How much of a text a rule sees at once, and how long reading one may take.

A regular expression holds the interpreter until it ends, so no thread can end it. What bounds its
time is the length of what it reads: callers cut a text into sentences, clauses and lines, give
none to a rule that is longer than the bounds here, and keep its words as they are. A text as a
whole is read piece by piece, and between two pieces `check` ends what takes too long.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from services.kernel.contracts.errors import Code, InvalidInput

# Characters. People write sentences of 20 words and 120 letters, and seldom one of 100 words.
LONGEST_SENTENCE: Final = 800
LONGEST_CLAUSE: Final = 400
# A question with a page of text around it is still read; a longer one is searched by its words.
LONGEST_QUERY: Final = 2_000
# White space in a row within what a rule reads; more is a gap between columns or a pasted form.
WIDEST_GAP: Final = 4
# How much of one text is read by rules at a search, whatever its length.
LONGEST_SOURCE: Final = 8_000

# What the callers of a package's patterns let them see at once: the longest text (None: any, so
# that they should take time in proportion to it), and whether its gaps are `squeezed` or such texts
# left out. The longest name that fits counts; other packages' patterns see any text as it is.
READ_AT_ONCE: Final[Mapping[str, tuple[int | None, bool]]] = {
    "services.feedback.domain": (LONGEST_CLAUSE, True),
    "services.feedback.domain.splitting": (4_000, False),
    "services.feedback.domain.values": (LONGEST_SOURCE, True),
    "services.kernel.language.quantities": (None, True),
    "services.kernel.language.versions": (None, True),
    "services.memorizer.domain.extraction": (LONGEST_CLAUSE, True),
    "services.memorizer.domain.extraction.language": (None, False),
    "services.memorizer.domain.extraction.sentences": (LONGEST_SENTENCE, True),
    "services.retriever.domain": (LONGEST_QUERY, True),
}

_GAP: Final = re.compile(rf"(\s{{{WIDEST_GAP}}})\s+")
_BLANK: Final = re.compile(r"[^\S\n]")
_ends: ContextVar[float] = ContextVar("ends", default=float("inf"))


class TookTooLong(InvalidInput):
    """Reading a text by rules ran out of its time; the text itself is not at fault."""

    default_code = Code.TOOK_TOO_LONG


def squeezed(text: str) -> str:
    """The text without the rest of any white space that is wider than `WIDEST_GAP`."""
    return _GAP.sub(r"\1", text)


def is_readable(text: str, longest: int) -> bool:
    """Whether a rule may read the text at once: not too long, and without wide gaps."""
    return len(text) <= longest and _GAP.search(text) is None


def blanked(text: str) -> str:
    """The text with a space for each sort of white space but line breaks; all keep their places."""
    return _BLANK.sub(" ", text)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Within it, `check` raises once so many seconds have passed; the nearest limit holds."""
    token = _ends.set(min(_ends.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends.reset(token)


def check() -> None:
    """Raise TookTooLong when the time of `limited` is over; called between two pieces."""
    if time.monotonic() > _ends.get():
        raise TookTooLong("reading the text takes too long; send it in shorter parts")
