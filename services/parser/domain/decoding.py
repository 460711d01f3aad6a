"""Bytes to text: byte order marks, UTF-8, and then whichever legacy encoding reads best."""

import codecs
import re
from typing import Final

from charset_normalizer import from_bytes

from services.kernel.contracts.errors import Code, InvalidInput
from services.parser.domain.chinese import frequent_share

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE: Final = 200_000
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)["']""")
# What Western European languages write beyond ASCII; other code pages have other letters there.
_WESTERN: Final = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßÀÁÂÄÅÆÇÈÉÊËÍÎÏÑÓÔÖØÙÚÛÜŒ¿¡«»°§€£…–—‘’“”•·©®™\u00a0½¼¾²"
)
_BINARY: Final = 0.02
_PLAUSIBLE: Final = 0.9
_ZEROS: Final = 0.1
_READS_CHINESE: Final = 0.1  # share of frequent characters
_CONTROL = bytes(set(range(9)) | set(range(14, 32)) - {27})


def decode(data: bytes) -> str:
    """The text of a file of unknown encoding. InvalidInput GARBAGE_TEXT for binary data."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding)
    declared = _DECLARED.match(data[:400])
    if declared:
        found = _try(data, declared.group(1).decode("ascii", "replace"))
        if found is not None:
            return found
    found = _try(data, "utf-8")
    if found is not None and "\x00" not in found[:_SAMPLE]:
        return found
    wide = _without_mark(data)
    if wide is not None:
        return wide
    sample = data[:_SAMPLE]
    if sum(sample.count(byte) for byte in _CONTROL) > _BINARY * len(sample):
        raise InvalidInput(
            "the file holds binary data, not text; check its type", code=Code.GARBAGE_TEXT
        )
    return _legacy(data)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError, UnicodeError):
        return None


def _decoded(data: bytes, encoding: str) -> str:
    """A text that says its encoding; a cut last character is dropped, other faults are marked."""
    return data.decode(encoding, "replace")


def _without_mark(data: bytes) -> str | None:
    """UTF-16 without a byte order mark: every other byte of ASCII or Chinese text gives it away."""
    sample = data[: _SAMPLE // 2 * 2]
    if len(sample) < 4:  # noqa: PLR2004 - two characters
        return None
    for encoding, high in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        plausible = sum(byte in {0, 0x30, 0xFF} or 0x4E <= byte <= 0x9F for byte in high)  # noqa: PLR2004 - Unicode's rows
        if plausible < _PLAUSIBLE * len(high):
            continue
        text = sample.decode(encoding, "replace")
        if high.count(0) > _ZEROS * len(high) or _chinese(text) > _READS_CHINESE:
            return data.decode(encoding, "replace")
    return None


def _legacy(data: bytes) -> str:
    sample = data[:_SAMPLE]
    scored: list[tuple[float, str]] = []
    for encoding in ("gb18030", "big5hkscs"):
        text = _try_sample(sample, encoding)
        if text is not None:
            scored.append((_chinese(text), encoding))
    best = max(scored, default=(0.0, ""))
    if best[0] > _READS_CHINESE:
        return data.decode(best[1], "replace")
    western = _try(sample, "cp1252")
    if western is not None and all(one in _WESTERN for one in western if ord(one) > 0x7F):  # noqa: PLR2004 - beyond ASCII
        return data.decode("cp1252", "replace")
    guess = from_bytes(sample).best()
    encoding = guess.encoding if guess is not None else "cp1252"
    return data.decode(encoding, "replace")


def _try_sample(sample: bytes, encoding: str) -> str | None:
    """The sample decoded, a character cut at its end forgiven."""
    for cut in range(4):
        text = _try(sample[: len(sample) - cut], encoding)
        if text is not None:
            return text
    return None


def _chinese(text: str) -> float:
    """How Chinese it reads: frequent characters among all that are beyond ASCII."""
    share, count = frequent_share(text)
    others = sum(ord(character) > 0x7F for character in text)  # noqa: PLR2004 - beyond ASCII
    return share * count / others if others else 0.0
