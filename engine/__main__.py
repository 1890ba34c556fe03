"""`python -m engine` is `reverie`."""

from engine.cli import main

main()
