"""Pure rules of parsing: text and structure in, blocks out. No I/O, no vendors' services."""
