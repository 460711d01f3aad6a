"""Plain types that cross a border between services: events, records, blocks, errors, scope."""
