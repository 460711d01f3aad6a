"""Use cases of feedback."""

from services.feedback.handlers.feedback import DecidedStore, Feedback

__all__ = ["DecidedStore", "Feedback"]
