"""The generated pages of the knowledge base: an overview, and a page a kind with every entry under its id."""

from __future__ import annotations

import re

from advisor.catalog.explain import explain
from advisor.catalog.load import ROOMS, Catalog, shipped
from advisor.present.diagram import seam_svg
from advisor.present.explanation import render_explanation

_ID = re.compile(r"`([A-Za-z0-9_.-]+)`")


def documents() -> dict[str, str]:
    """Every page below `docs/catalog/`, and the patterns' pictures, by path."""
    catalog = shipped()
    homes = {name: room for room, name, _ in reversed(list(catalog.entries()))}
    pages = {"catalog/index.md": _overview(catalog)}
    for room in ROOMS:
        entries = [_entry(catalog, name, room, homes) for name in catalog.room(room)]
        pages[f"catalog/{room}.md"] = "\n".join([f"# {_title(room)}", "", *entries])
    for name, pattern in catalog.patterns.items():
        if pattern.status == "current":
            pages[f"catalog/{name}.svg"] = seam_svg(name, catalog) + "\n"
    return pages


def _overview(catalog: Catalog) -> str:
    lines = [
        "# The knowledge base",
        "",
        f"Version {catalog.version}, printed in every report. Generated from `knowledge/` by `make docs`; an entry's",
        "id is its file's name, its anchor here, and what `advisor explain` takes.",
        "",
    ]
    for room in ROOMS:
        lines += [f"## [{_title(room)}]({room}.md)", "", "| id | title | |", "| --- | --- | --- |"]
        for name, entry in catalog.room(room).items():
            status = getattr(entry, "status", "current")
            mark = "" if status == "current" else status
            lines.append(f"| [{name}]({room}.md#{name.lower()}) | {entry.title} | {mark} |")
        lines.append("")
    lines += ["```{toctree}", ":hidden:", "", *ROOMS, "```", ""]
    return "\n".join(lines)


def _entry(catalog: Catalog, name: str, room: str, homes: dict[str, str]) -> str:
    """One entry, its headings a level down, its neighbours linked."""
    first, *rest = render_explanation(explain(name, catalog), "markdown", catalog=catalog).splitlines()
    title = first.removeprefix(f"# {name}: ")
    lines = [f"## {name}", "", f"**{title}**"]
    if room == "patterns" and catalog.patterns[name].status == "current":
        lines += ["", f"![The boundary in {name}: proposer, verifier, commit and reject]({name}.svg)"]
    lines += [f"#{line}" if line.startswith("#") else line for line in rest]
    return _ID.sub(lambda found: _link(found[1], room, homes), "\n".join(lines)) + "\n"


def _link(name: str, room: str, homes: dict[str, str]) -> str:
    if name not in homes:
        return f"`{name}`"
    page = "" if homes[name] == room else f"{homes[name]}.md"
    return f"[{name}]({page}#{name.lower()})"


def _title(room: str) -> str:
    return room.replace("_", " ").capitalize()
