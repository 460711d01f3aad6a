"""Which languages an embedder is good at, by what models are called: a guess where nobody says."""

import re
from typing import Final

BOTH: Final = frozenset({"en", "zh"})
_RULES: Final = (
    (
        re.compile(r"multilingual|bge-m3|qwen3?|gte-qwen|text-embedding-(3|ada|v\d)|cohere|voyage"),
        BOTH,
    ),
    (re.compile(r"embed(ding)?-(v\d|gemma)|doubao|gemini|jina-embeddings-v[34]|mistral"), BOTH),
    (re.compile(r"jina-embeddings-v2-base-zh|conan|stella.*zh|piccolo.*both"), BOTH),
    (re.compile(r"(^|[-_/])zh([-_@.]|$)|chinese|text2vec|m3e|piccolo"), frozenset({"zh"})),
    (
        re.compile(
            r"(^|[-_/])en([-_@.]|$)|english|minilm-l\d|all-mpnet|nomic-embed|gte-(small|base|large)"
            r"|e5-(small|base|large)|snowflake-arctic|mxbai"
        ),
        frozenset({"en"}),
    ),
)


def languages_of(model: str) -> frozenset[str]:
    """`{"en"}`, `{"zh"}`, both, or empty where the name says nothing."""
    name = model.casefold()
    return next((spoken for rule, spoken in _RULES if rule.search(name)), frozenset())
