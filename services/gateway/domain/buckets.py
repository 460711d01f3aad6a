"""Token buckets: so many at once, so many a second from then on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """How fast a bucket fills (`rate`, tokens a second; 0 is unlimited) and what it holds."""

    rate: float
    burst: float


@dataclass(slots=True)
class Bucket:
    """A bucket as it was at a moment (`at`, seconds)."""

    tokens: float
    at: float


def full(allowance: Allowance, now: float) -> Bucket:
    """Return a bucket that nobody has taken from yet."""
    return Bucket(allowance.burst, now)


def refill(bucket: Bucket, allowance: Allowance, now: float) -> None:
    """Put in what came since the bucket was last looked at; a clock that went back adds nothing."""
    gained = max(0.0, now - bucket.at) * allowance.rate
    bucket.tokens = min(allowance.burst, bucket.tokens + gained)
    bucket.at = now


def take(bucket: Bucket, allowance: Allowance, now: float, *, least: float, most: float) -> float:
    """Take up to `most` tokens, and return how many; 0 where fewer than `least` are there."""
    refill(bucket, allowance, now)
    if bucket.tokens < least:
        return 0.0
    taken = min(most, bucket.tokens)
    bucket.tokens -= taken
    return taken


def wait_seconds(bucket: Bucket, allowance: Allowance, least: float) -> float:
    """Return after how long a bucket just looked at holds `least` tokens."""
    return max(0.0, least - bucket.tokens) / allowance.rate
