"""Plain support code for tests."""
