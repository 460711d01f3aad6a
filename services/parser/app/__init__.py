"""Composition root of the parser: chooses readers, builds the parts."""

from services.parser.app.build import build, make_pool
from services.parser.app.command import parse_file
from services.parser.app.main import assemble, main

__all__ = ["assemble", "build", "main", "make_pool", "parse_file"]
