"""Protocols that two or more services need; adapters implement them, contract suites check them."""
