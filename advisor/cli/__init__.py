"""Parses the command line, calls one function, prints what it returns, and exits; no logic lives here."""

import sys


def main() -> None:
    """The console script: answers `--version` at once, and hands everything else to the application."""
    if sys.argv[1:] == ["--version"]:
        from advisor import __version__

        print(__version__)
        return
    from advisor.cli.app import run

    sys.exit(run(sys.argv[1:]))
