"""The `content` of an uploaded file: a URL, a data URI, or Base64, decoded piece by piece."""

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


@dataclass(frozen=True, slots=True)
class ContentHead:
    """What `content` begins like. kind: `url`, or `base64` or `percent` whose bytes begin at
    `offset`. media_type: as a data URI declares it.
    """

    kind: str
    offset: int = 0
    media_type: str = ""


def inspect(head: bytes) -> ContentHead:
    """What a `content` is, from its first bytes (UTF-8, JSON escapes undone); BASE64_FORMAT for
    a broken data URI.
    """
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
                "send Base64, a data URI or a URL",
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
