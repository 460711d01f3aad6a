"""The service in a process of its own."""


def main() -> None:
    """Run the parser until it is told to stop."""
    raise SystemExit("the parser runs inside `memloom serve`")
