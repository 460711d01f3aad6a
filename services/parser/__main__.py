"""`python -m services.parser`."""

from services.parser.app import main

main()
