"""`memloom ...` for people."""

from services.cli.main import main

__all__ = ["main"]
