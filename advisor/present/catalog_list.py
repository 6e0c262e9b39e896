"""The whole catalog by kind, in each format."""

from __future__ import annotations

import json
from typing import Any

from advisor.catalog.load import ROOMS, Catalog


def render_catalog(catalog: Catalog, kind: str | None, format: str, *, color: bool = False, width: int = 100) -> str:
    """Ids and titles of every entry, or of one kind, grouped by kind; JSON is `advisor/catalog/1`."""
    rooms = {
        room: [(name, entry.title, _mark(entry)) for name, entry in catalog.room(room).items()]
        for room in ROOMS
        if kind in (None, room)
    }
    if format == "json":
        document = {
            "schema": "advisor/catalog/1",
            "knowledge_version": catalog.version,
            "rooms": {
                room: [{"id": n, "title": t, "status": m or "current"} for n, t, m in rows]
                for room, rows in rooms.items()
            },
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    if format == "terminal":
        return _terminal(rooms, catalog.version, color, width)
    from advisor.present.templates import environment, stylesheet

    name = "catalog.md.j2" if format == "markdown" else "catalog.html.j2"
    return environment().get_template(name).render(rooms=rooms, version=catalog.version, style=stylesheet())


def _mark(entry: Any) -> str:
    status = getattr(entry, "status", "current")
    return "" if status == "current" else str(status)


def _terminal(rooms: dict[str, list[tuple[str, str, str]]], version: str, color: bool, width: int) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from advisor.present.terminal import to_text

    def draw(console: Console) -> None:
        for room, rows in rooms.items():
            console.print(Text(f"{room} ({len(rows)})", style="bold cyan"))
            grid = Table.grid(padding=(0, 2))
            grid.add_column(no_wrap=True, style="bold")
            grid.add_column(overflow="fold")
            for name, title, mark in rows:
                grid.add_row(name, Text.assemble(title, (f"  ({mark})", "yellow") if mark else ""))
            console.print(grid)
            console.print()
        console.print(Text(f"Knowledge {version}. `advisor explain ID` explains any id above.", style="dim"))

    return to_text(draw, color=color, width=width)
