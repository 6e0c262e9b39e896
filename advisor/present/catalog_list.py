"""The whole catalog by kind, in each format."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from advisor.catalog.load import ROOMS, Catalog
from advisor.catalog.models import Frozen
from advisor.present.json_text import json_text


class Listed(Frozen):
    """An entry in a list."""

    id: str
    title: str
    status: str


class CatalogDocument(Frozen):
    """The JSON shape `advisor/catalog/1`: every entry by kind."""

    schema_: Literal["advisor/catalog/1"] = Field(default="advisor/catalog/1", alias="schema")
    knowledge_version: str
    rooms: dict[str, tuple[Listed, ...]]


def render_catalog(catalog: Catalog, kind: str | None, format: str, *, color: bool = False, width: int = 100) -> str:
    """Ids and titles of every entry, or of one kind, grouped by kind; JSON is `advisor/catalog/1`."""
    rooms = _rows(catalog, kind)
    if format == "json":
        plain = document(catalog, kind).model_dump(mode="json", by_alias=True)
        return json_text(plain)
    if format == "terminal":
        return _terminal(rooms, catalog.version, color, width)
    from advisor.present.templates import environment, stylesheet

    name = "catalog.md.j2" if format == "markdown" else "catalog.html.j2"
    return environment().get_template(name).render(rooms=rooms, version=catalog.version, style=stylesheet())


def document(catalog: Catalog, kind: str | None = None) -> CatalogDocument:
    """The document of every entry, or of one kind."""
    rooms = {
        room: tuple(Listed(id=name, title=title, status=mark or "current") for name, title, mark in rows)
        for room, rows in _rows(catalog, kind).items()
    }
    return CatalogDocument(knowledge_version=catalog.version, rooms=rooms)


def _rows(catalog: Catalog, kind: str | None) -> dict[str, list[tuple[str, str, str]]]:
    return {
        room: [(name, entry.title, _mark(entry)) for name, entry in catalog.room(room).items()]
        for room in ROOMS
        if kind in (None, room)
    }


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
