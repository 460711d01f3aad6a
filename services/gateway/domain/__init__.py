"""The gateway's rules, pure: no awaits, no vendors."""
