"""Pure rules of the one search."""
