"""Lets `python -m advisor` do what the console script does."""

from advisor.cli import main

main()
