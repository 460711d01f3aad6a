"""Spans of a text: its language, what no rule may change, and what its writer did not state."""
