"""Composition root of the parser: chooses readers, builds the parts."""

from services.parser.app.build import build, make_pool
from services.parser.app.command import parse_file
from services.parser.app.main import main

__all__ = ["build", "main", "make_pool", "parse_file"]
