"""Generated protobuf stubs (`make proto`); never edited, never committed."""
