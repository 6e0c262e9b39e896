"""A stand-in for the systems outside: a SQLite file that remembers every effect. Replace it with clients of your own.

It behaves as good systems do: the same key twice has one effect, and a key can be looked up. `OUTSIDE_IGNORES_KEYS=1`
makes it behave as others do, and `OUTSIDE_FAILS=tool,tool` makes tools refuse, `OUTSIDE_REFUSES=tool:N` one in N of its keys. Tests read
from it what really happened.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from .runtime.db import digest
from .runtime.effects import Args, Tool
from .runtime.errors import ToolFailed

_lock = threading.Lock()


def path() -> Path:
    """Where the stand-in keeps its file (`OUTSIDE_FILE`)."""
    return Path(os.environ.get("OUTSIDE_FILE", "outside.db"))


def _open() -> sqlite3.Connection:
    connection = sqlite3.connect(path(), timeout=60, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS effect (n INTEGER PRIMARY KEY, key TEXT, tool TEXT, args TEXT, repeats INTEGER)"
    )
    return connection


def act(tool: str, key: str, args: Args) -> Args:
    """One effect, once per key."""
    _die(f"{tool}:before")
    if tool in os.environ.get("OUTSIDE_FAILS", "").split(","):
        raise ToolFailed(f"{tool} failed")
    refused, _, one_in = os.environ.get("OUTSIDE_REFUSES", "").rpartition(":")
    if tool == refused and int(digest(key), 16) % int(one_in) == 0:
        raise ToolFailed(f"{tool} failed for {key}")
    with _lock, closing(_open()) as connection:
        connection.execute("BEGIN IMMEDIATE")
        known = connection.execute("SELECT n FROM effect WHERE key = ?", (key,)).fetchone()
        if known and os.environ.get("OUTSIDE_IGNORES_KEYS") != "1":
            connection.execute("UPDATE effect SET repeats = repeats + 1 WHERE n = ?", known)
            number = known[0]
        else:
            sql = "INSERT INTO effect (key, tool, args, repeats) VALUES (?, ?, ?, 0)"
            number = connection.execute(sql, (key, tool, json.dumps(args, default=str))).lastrowid
        connection.execute("COMMIT")
    _die(f"{tool}:after")
    return {"number": number}


def _die(point: str) -> None:
    """Kill -9 at a point that a test has chosen (`OUTSIDE_KILLS`), once."""
    if os.environ.get("OUTSIDE_KILLS") == point:
        os.kill(os.getpid(), signal.SIGKILL)


def look_up(key: str) -> Args | None:
    """The result of a key that took effect."""
    with closing(_open()) as connection:
        row = connection.execute("SELECT n FROM effect WHERE key = ?", (key,)).fetchone()
    return {"number": row[0]} if row else None


def effects(key_part: str = "") -> list[dict[str, Any]]:
    """What has happened, in order."""
    if not path().exists():
        return []
    with closing(_open()) as connection:
        rows = connection.execute("SELECT n, key, tool, args, repeats FROM effect ORDER BY n").fetchall()
    names = ("n", "key", "tool", "args", "repeats")
    return [dict(zip(names, row, strict=True)) for row in rows if key_part in row[1]]


def tool(name: str, *, honours_keys: bool = True, looked_up: bool = False) -> Tool:
    """A tool of the stand-in."""
    find: Callable[[str], Args | None] | None = look_up if looked_up else None
    return Tool(name, lambda key, args: act(name, key, args), honours_keys=honours_keys, look_up=find)


def refusing(name: str) -> Tool:
    """A tool that says no: for tests and simulations of what follows then."""

    def refuse(key: str, args: Args) -> Args:
        raise ToolFailed(f"{name} failed")

    return Tool(name, refuse, honours_keys=True)
