"""The `content` of an uploaded file: a URL, a data URI, Base64, or the text itself.

A file whose name (or declared type) is one of text may carry its text as it is. What could be
both is decided from its first bytes, so that no damaged Base64 is kept as text:

* one word without spaces is never text, unless it has letters beyond ASCII or begins as JSON or
  XML do; it is a URL, a data URI or Base64, and refused with the code of what is wrong with it;
* words with spaces are the text, unless they are Base64 in lines, or decode to readable text.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.kernel.contracts.errors import Code, InvalidInput

_URL: Final = re.compile(rb"\s*[a-zA-Z][a-zA-Z0-9+.-]{1,20}:")
_DATA: Final = re.compile(rb"\s*data:([^,;]*)((?:;[^,;]*)*),", re.IGNORECASE)
# Longest head that is looked at to tell what `content` is.
HEAD_BYTES: Final = 4096
_MIXED: Final = bytes.maketrans(b"-_", b"+/")
_ALPHABET: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_SPACES: Final = b" \t\r\n"
# An address or a data URI, which are no text of a file.
_ADDRESS: Final = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]{1,20}://\S|data:\S)", re.IGNORECASE)
# What JSON and XML begin with.
_MARKUP: Final = "{[<"
# Shortest line of Base64 in lines (MIME and PEM write 64 and 76).
_LINE: Final = 40


@dataclass(frozen=True, slots=True)
class ContentHead:
    """What `content` begins like. kind: `url`, `text` (the file's own words), or `base64` whose
    bytes begin at `offset`. media_type: as a data URI declares it.
    """

    kind: str
    offset: int = 0
    media_type: str = ""


def inspect(head: bytes, *, may_be_text: bool = False) -> ContentHead:
    """What a `content` is, from its first `HEAD_BYTES` (UTF-8, JSON escapes undone);
    BASE64_FORMAT for a broken data URI. may_be_text: the file's name or type is one of text.
    """
    if may_be_text and _is_text(head):
        return ContentHead("text")
    data = _DATA.match(head)
    if data is not None:
        if b";base64" not in data.group(2).lower().replace(b" ", b""):
            raise InvalidInput(
                "the data URI in `content` does not say ;base64; write "
                "data:text/markdown;base64,<Base64>",
                code=Code.BASE64_FORMAT,
            )
        return ContentHead("base64", data.end(), data.group(1).decode("latin-1").strip())
    if head.lstrip().lower().startswith(b"data:"):
        raise InvalidInput(
            "`content` begins with data: but is no data URI; write "
            "data:text/markdown;base64,<Base64>",
            code=Code.BASE64_FORMAT,
        )
    if _URL.match(head):
        return ContentHead("url")
    return ContentHead("base64")


def _is_text(head: bytes) -> bool:
    text = head.decode("utf-8", "ignore").strip("\ufeff \t\r\n")
    words = text.split()
    if not words:
        return False
    if len(words) == 1:
        beyond = any(char.isalpha() and not char.isascii() for char in text)
        return _ADDRESS.match(text) is None and (beyond or text[0] in _MARKUP)
    if _ADDRESS.match(text) and _DATA.match(head):
        return False
    compact = "".join(words).encode()
    if compact.translate(_MIXED, bytes(_ALPHABET)):
        return True
    return not (_is_wrapped(text) or _decodes_to_text(compact))


def _is_wrapped(text: str) -> bool:
    """Base64 in lines of one length, as MIME and PEM write it; the last may be shorter."""
    lines = text.splitlines()
    size = len(lines[0])
    even = all(len(line) == size for line in lines[:-1]) and len(lines[-1]) <= size
    return size >= _LINE and even and not any(char in " \t" for char in text)


def _decodes_to_text(compact: bytes) -> bool:
    whole = compact.translate(_MIXED)[: len(compact) - len(compact) % 4]
    try:
        text = base64.b64decode(whole, validate=True).decode("utf-8")
    except ValueError:
        return False
    return all(char.isprintable() or char in "\t\r\n" for char in text)


class Base64Decoder:
    """Decodes Base64 (both alphabets, with or without padding, white space allowed) in pieces.

    feed and finish raise BASE64_ILLEGAL for a character outside the alphabet, and BASE64_FORMAT
    for a wrong length or padding.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._ended = False

    def feed(self, piece: bytes) -> bytes:
        """The bytes that are complete with this piece."""
        clean = piece.translate(_MIXED, _SPACES)
        if not clean:
            return b""
        if self._ended and clean.strip(b"="):
            raise InvalidInput(
                "`content` goes on after the Base64 padding (=)", code=Code.BASE64_FORMAT
            )
        illegal = clean.translate(None, bytes(_ALPHABET))
        if illegal:
            raise InvalidInput(
                f"`content` holds a character that is not Base64: {chr(illegal[0])!r}; "
                "send Base64, a data URI or a URL, or the text itself under a name that ends in "
                ".txt, .md, .json or .xml",
                code=Code.BASE64_ILLEGAL,
            )
        if b"=" in clean:
            body, _, after = clean.partition(b"=")
            if after.strip(b"="):
                raise InvalidInput(
                    "`content` goes on after the Base64 padding (=)", code=Code.BASE64_FORMAT
                )
            self._ended = True
            clean = body
        whole = self._rest + clean
        cut = len(whole) - len(whole) % 4
        self._rest = whole[cut:]
        return base64.b64decode(whole[:cut]) if cut else b""

    def finish(self) -> bytes:
        """What is left at the end."""
        if not self._rest:
            return b""
        try:
            return base64.b64decode(self._rest + b"=" * (-len(self._rest) % 4))
        except binascii.Error as error:
            raise InvalidInput(
                "`content` is cut off: its length is no length of Base64", code=Code.BASE64_FORMAT
            ) from error


def decode(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a `base64` content whose head (up to `offset`) is cut off."""
    decoder = Base64Decoder()
    for piece in pieces:
        decoded = decoder.feed(piece)
        if decoded:
            yield decoded
    rest = decoder.finish()
    if rest:
        yield rest
