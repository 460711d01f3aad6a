"""Bounds and plans."""

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1_048_576
GIGABYTE: Final = 1024 * MEGABYTE

# The public API's bounds (api documentation: limits of a single call).
MAX_MESSAGE_TOKENS: Final = 40_000
MAX_QUERY_TOKENS: Final = 40_000
MAX_CHAT_TOKENS: Final = 8_000
MAX_ITEMS: Final = 25
MAX_GROUP: Final = 20
MAX_PAGE_SIZE: Final = 50
# Characters from which a text is over every bound of tokens, whatever they are.
_LONGEST_COUNTED: Final = 4 * MAX_MESSAGE_TOKENS


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of this installation: bytes, seconds, milliseconds (`_ms`)."""

    timezone: str = "Asia/Shanghai"
    max_files: int = 20
    max_file_bytes: int = 100 * MEGABYTE
    max_upload_bytes: int = 300 * MEGABYTE
    max_body_bytes: int = 32 * MEGABYTE
    uploads: int = 8
    sync_wait: float = 20.0
    replay_ms: int = 120_000
    idempotency_ms: int = 86_400_000
    staging_ms: int = 86_400_000


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """at_once: searches in work (0: learnt, up to `most`). wait: seconds that one waits in a
    burst; 0 never sheds.
    """

    at_once: int = 0
    most: int = 64
    wait: float = 1.0


def tokens_of(text: str) -> int:
    """A cautious count of tokens without a tokenizer: each wide character one, four others one.

    OpenAI's rule of thumb for English (four characters a token), and about one token a Chinese
    character in current vocabularies.
    """
    if text.isascii() or len(text) > _LONGEST_COUNTED:
        return (len(text) + 3) // 4
    narrow = sum(1 for char in text if char < "\u2e80")
    return len(text) - narrow + (narrow + 3) // 4
