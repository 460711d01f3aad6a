"""The feedback service's dry run, and ingest's probe, as the gateway sees them."""

from dataclasses import dataclass
from typing import Protocol

from services.kernel.contracts.events import CorrectionDecided, FeedbackGiven


class Preview(Protocol):
    """What a feedback would change, without changing it."""

    async def preview(self, feedback: FeedbackGiven) -> CorrectionDecided:
        """The decisions that would be made; DependencyUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What is known of a URL before it is fetched; size None where it does not say."""

    name: str
    media_type: str
    size: int | None


class Probe(Protocol):
    """Ingest's guarded look at a URL (HEAD or first bytes, 3 s)."""

    async def probe(self, url: str) -> ProbeResult:
        """InvalidInput for a URL that is refused (private address, scheme, credentials);
        a host that does not answer is no error: size None.
        """
        ...
