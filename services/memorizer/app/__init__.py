"""Composition root of the memorizer."""

from services.memorizer.app.build import (
    MemorizerProcess,
    RuleSegmenter,
    assemble,
    build,
    main,
)
from services.memorizer.app.reconcile import RecordFacts, record_facts
from services.memorizer.app.reindex import drop_previous, reindex, roll_back

__all__ = [
    "MemorizerProcess",
    "RecordFacts",
    "RuleSegmenter",
    "assemble",
    "build",
    "drop_previous",
    "main",
    "record_facts",
    "reindex",
    "roll_back",
]
