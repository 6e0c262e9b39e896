"""`advisor mcp`: the commands as tools for agents, over standard input and output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def mcp(
    root: Annotated[
        Path, typer.Option("--root", metavar="DIR", help="The folder that is read; nothing outside it is.")
    ] = Path(),
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Offer the tools that write into the folder too.")
    ] = False,
) -> None:
    """Serve agents: the commands as tools, the catalog as resources (MCP, over stdin and stdout)."""
    import gc
    import os

    from advisor.errors import Fault, InputError

    try:
        from advisor.serving.server import server
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        mend = "pip install 'agent-runtime-advisor[mcp]'"
        raise InputError([Fault("advisor mcp", "needs the package mcp, 2.0 or newer", mend)]) from None
    if not root.is_dir():
        raise InputError([Fault(f"--root {root}", "is no folder", "name a folder that exists")])

    gc.enable()
    os.chdir(root)  # results then name files as they lie in the folder
    server(Path(), allow_writes=allow_writes).run("stdio")
