"""The application: its commands, and how each kind of ending becomes an exit code.

What each code means stands in `advisor.cli.exits`; faults go to stderr, one a line.
"""

import errno
import os
import sys

import typer

from advisor.cli.catalog import catalog_app
from advisor.cli.diagnose import diagnose
from advisor.cli.exits import EPILOG
from advisor.cli.explain import explain
from advisor.cli.interview import interview
from advisor.cli.judge import judge
from advisor.cli.mcp import mcp
from advisor.cli.recommend import recommend
from advisor.cli.replay import replay
from advisor.cli.scaffold import scaffold
from advisor.cli.verify import verify
from advisor.cli.watch import watch
from advisor.errors import Fault, InputError, printable

app = typer.Typer(
    name="advisor",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command()(interview)
app.command()(recommend)
app.command()(diagnose)
app.command()(judge)
app.command()(replay)
app.command()(scaffold)
app.command()(watch)
app.command()(verify)
app.command()(explain)
app.add_typer(catalog_app, name="catalog")
app.command()(mcp)


@app.callback()
def about(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    """Decide how an LLM agent's runtime is put together, and find out which part of the decision fails."""


def run(arguments: list[str]) -> int:
    """Runs one command line and returns its exit code; wrong input becomes one line a fault on stderr."""
    try:
        return int(app(arguments, prog_name="advisor", standalone_mode=False) or 0)
    except InputError as error:
        for fault in error.faults:
            print(fault, file=sys.stderr)
        return 2
    except typer.Abort:
        print("advisor: stopped before it was done", file=sys.stderr)
        return 130
    except typer.TyperException as error:
        return _usage(error)
    except BrokenPipeError:
        # The reader has gone; give the interpreter something to flush into at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        print(Fault(str(error.filename), "is longer than a path can be", "check the path"), file=sys.stderr)
        return 2
    except Exception as error:
        if not isinstance(error, MemoryError) and type(error).__name__ != "OutOfMemoryException":  # DuckDB's
            raise
        print("advisor: ran out of memory; give --memory more, name fewer logs, or free the disk", file=sys.stderr)
        return 2


def _usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(context.get_help() if context else "", file=sys.stderr)
        return 2
    place = context.command_path if context else "advisor"
    message = getattr(error, "format_message", lambda: str(error))()
    print(printable(f"{place}: {message.rstrip('.')}; see {place} --help"), file=sys.stderr)
    return 2
