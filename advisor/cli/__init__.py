"""Parses the command line, calls one function, prints what it returns, and exits; no logic lives here."""

import gc
import os
import sys


def main() -> None:
    """The console script: answers `--version` at once, and hands everything else to the application."""
    if sys.argv[1:] == ["--version"]:
        from advisor import __version__

        print(__version__)
        return
    # A short command makes many objects and little garbage, and no plugin of pydantic's is wanted: both cost start-up
    # time. A command that works for long turns the collector on again.
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")  # None where the shell has closed it
    from advisor.cli.app import run

    code = run(sys.argv[1:])
    gc.freeze()  # nothing that is left needs collecting: the process ends
    sys.exit(code)
