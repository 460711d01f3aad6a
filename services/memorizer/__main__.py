"""`python -m services.memorizer`."""

from services.memorizer.app import main

main()
