"""No text makes a regular expression of the product slow: all of them, against texts made for it.

One that sees a clause or a sentence of bounded length must be fast at that length, whatever it
says; one that sees whole texts at some pages of them.
"""

import signal
import time
from types import FrameType

import pytest

from services.kernel.language.bounds import READ_AT_ONCE, squeezed
from tests.support.patterns import Found, grown, inventory, texts

# What is built at run time, out of a value of bounded length; each is built by `re.escape`.
BUILT = {
    ("services.feedback.domain.folding", "_pattern"),
    ("services.feedback.domain.phrases", "_any"),
    ("services.memorizer.domain.merging", "_names"),
    ("services.memorizer.domain.restating", "_holds"),
    ("services.retriever.domain.defining", "defines"),
}
WHOLE = 8_000
# Seconds of processor time, generous: what backtracks without end takes minutes.
AT_BOUND = 0.2
OF_WHOLE = 0.3
HANGS = 1.0
SCANS = {"search", "finditer", "findall", "sub", "subn", "split"}


class _TooLong(Exception):
    pass


def _stop(_: int, __: FrameType | None) -> None:
    raise _TooLong


@pytest.fixture(autouse=True)
def _alarm() -> None:
    signal.signal(signal.SIGVTALRM, _stop)


def _seconds(found: Found, text: str) -> float:
    """Of processor time, about; HANGS where it takes longer than that."""
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
    begun = time.process_time()
    try:
        if found.methods & SCANS:
            for _ in found.pattern.finditer(text):
                pass
        if "match" in found.methods:
            found.pattern.match(text)
        if "fullmatch" in found.methods:
            found.pattern.fullmatch(text)
    except _TooLong:
        return HANGS
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return time.process_time() - begun


def _bound(found: Found) -> tuple[int | None, bool]:
    names = [name for name in READ_AT_ONCE if f"{found.module}.".startswith(f"{name}.")]
    return READ_AT_ONCE[max(names, key=len)] if names else (None, False)


def _fault(found: Found) -> str:
    longest, narrow = _bound(found)
    size = longest or WHOLE
    most = AT_BOUND if longest else OF_WHOLE
    for made in texts(found.pattern):
        text = grown(made, size)
        text = squeezed(text) if narrow else text
        if len(text) >= size // 4 and (taken := _seconds(found, text)) > most:
            return f"{taken * 1000:.0f} ms for {size} characters of {made}"
    return ""


def test_every_pattern_is_known() -> None:
    found, unresolved = inventory()
    assert len(found) > 600
    rest = [one for one in unresolved if (one.module, one.function) not in BUILT]
    assert rest == [], "make these patterns at module level, or in a cached table"


@pytest.mark.slow
@pytest.mark.parametrize("area", ["feedback", "gateway", "kernel", "memorizer", "parser", "rest"])
def test_no_text_makes_a_pattern_slow(area: str) -> None:
    areas = {"feedback", "gateway", "kernel", "memorizer", "parser"}
    faults = []
    for found in inventory()[0]:
        own = found.module.split(".")[1]
        if (own if own in areas else "rest") == area and (fault := _fault(found)):
            faults.append(f"{found.module}: {found.pattern.pattern[:80]!r}: {fault}")
    assert faults == []
