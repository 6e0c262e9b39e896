"""Asks the server as an agent does: with the SDK's own client, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from mcp import Client
from mcp.types import CallToolResult

from advisor.serving.server import server

T = TypeVar("T")


def asked(root: Path, question: Callable[[Client], Awaitable[T]], *, allow_writes: bool = False) -> T:
    """What a client learns from a server over a folder."""

    async def ask() -> T:
        async with Client(server(root, allow_writes=allow_writes)) as client:
            return await question(client)

    return asyncio.run(ask())


def call(root: Path, tool: str, *, allow_writes: bool = False, **arguments: Any) -> CallToolResult:
    """The raw answer of one tool."""
    return asked(root, lambda client: client.call_tool(tool, arguments), allow_writes=allow_writes)


def result(root: Path, tool: str, *, allow_writes: bool = False, **arguments: Any) -> dict[str, Any]:
    """The structured answer of one tool that works."""
    answer = call(root, tool, allow_writes=allow_writes, **arguments)
    assert not answer.is_error, answer.content
    assert answer.structured_content is not None
    return answer.structured_content


def faults(root: Path, tool: str, *, allow_writes: bool = False, **arguments: Any) -> list[str]:
    """The lines of one tool that refuses."""
    answer = call(root, tool, allow_writes=allow_writes, **arguments)
    assert answer.is_error, answer.structured_content
    assert answer.structured_content is None
    return [line for part in answer.content for line in part.text.splitlines()]  # type: ignore[union-attr]
