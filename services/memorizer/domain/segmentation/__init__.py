"""Blocks -> passages: whole, in order, under their headings, with page and offsets."""

from services.memorizer.domain.segmentation.passages import segment
from services.memorizer.domain.segmentation.tokens import count_tokens

__all__ = ["count_tokens", "segment"]
