"""Room card: to be written by its first inhabitant."""
