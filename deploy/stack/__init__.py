"""The real servers on a developer's machine, without containers: `stack.py`."""
