"""What became of a delivery: values, decided in one place (`runtime.policy`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ack:
    """Handled; its effects are durable."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A repeat, or stale: nothing to do."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fail:
    """The user's document or request is bad; FAILED with this code was recorded."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """The record cannot be understood or handled: dead-letter topic, bytes untouched."""

    cause: str
    code: int = 0
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Wait:
    """A dependency is down: try the same record again after `seconds`; never dead-letter."""

    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """Something went wrong that may pass: again after `seconds`, attempt counted."""

    seconds: float
    attempt: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """The fuse: the code is wrong, not the data. The group stops for `seconds` and then tries
    again by itself; the record stays.
    """

    reason: str
    seconds: float = 60.0


Verdict = Ack | Ignore | Fail | SetAside | Wait | Retry | Halt
