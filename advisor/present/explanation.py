"""An entry of the knowledge base with its neighbours, in each format."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from advisor.catalog.answers import AnswersFile
from advisor.catalog.explain import Explanation
from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import Frozen, Reference
from advisor.present.json_text import json_text

# What is shown elsewhere on the page, or only orders entries.
_HIDDEN = {"id", "title", "section", "references", "readings", "order", "schema_", "composes", "migrations"}


class ExplanationDocument(Frozen):
    """The JSON shape `advisor/explanation/1`: an entry as it stands, and the ids of its neighbours by relation."""

    schema_: Literal["advisor/explanation/1"] = Field(default="advisor/explanation/1", alias="schema")
    room: str
    entry: dict[str, Any]
    names: dict[str, tuple[str, ...]]
    named_by: dict[str, tuple[str, ...]]
    knowledge_version: str


def render_explanation(
    explanation: Explanation,
    format: str,
    *,
    color: bool = False,
    width: int = 100,
    catalog: Catalog | None = None,
) -> str:
    """An explanation as terminal text, Markdown, an HTML page or JSON (`advisor/explanation/1`)."""
    catalog = catalog or shipped()
    if format == "json":
        plain = document(explanation, catalog).model_dump(mode="json", by_alias=True)
        return json_text(plain)
    view = _view(explanation, catalog)
    if format == "terminal":
        return _terminal(view, color, width)
    from advisor.present.templates import environment, stylesheet

    name = "explanation.md.j2" if format == "markdown" else "explanation.html.j2"
    return environment().get_template(name).render(view=view, style=stylesheet())


def address(reference: Reference) -> str:
    """Where a source can be found: arXiv id, DOI or URL."""
    if reference.arxiv:
        return f"arXiv {reference.arxiv}"
    return f"doi:{reference.doi}" if reference.doi else str(reference.url)


def document(explanation: Explanation, catalog: Catalog | None = None) -> ExplanationDocument:
    """The document of an explanation."""
    return ExplanationDocument(
        room=explanation.room,
        entry=explanation.entry.model_dump(mode="json", by_alias=True, exclude_none=True),
        names={kind: tuple(name for name, _ in found) for kind, found in explanation.names.items()},
        named_by={kind: tuple(name for name, _ in found) for kind, found in explanation.named_by.items()},
        knowledge_version=(catalog or shipped()).version,
    )


def _view(explanation: Explanation, catalog: Catalog) -> dict[str, Any]:
    entry = explanation.entry
    dump = entry.model_dump(mode="json", exclude_none=True)
    fields = [
        (_label(key), _lines(value)) for key, value in dump.items() if key not in _HIDDEN and value not in ("", [], {})
    ]
    readings = [] if isinstance(entry, AnswersFile) else [catalog.readings[name] for name in entry.readings]
    sources = [] if isinstance(entry, AnswersFile) else [catalog.references[name] for name in entry.references]
    return {
        "id": entry.id,
        "title": entry.title,
        "room": explanation.room,
        "section": getattr(entry, "section", "6 to 7"),
        "fields": fields,
        "composes": dump.get("composes", {}),
        "migrations": dump.get("migrations", {}),
        "readings": [(r.id, r.title, f"{r.open} Decided: {r.decision} Why: {r.why}") for r in readings],
        "sources": [(s.id, f"{s.authors}: {s.title} ({s.year}). {address(s)}") for s in sources],
        "names": {k: v for k, v in explanation.names.items() if k not in {"cites", "read as"}},
        "named_by": explanation.named_by,
        "version": catalog.version,
    }


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _lines(value: Any) -> list[str]:
    """A field's value as lines of text."""
    if isinstance(value, dict):
        return [
            f"{key.replace('_', ' ')}: {'; '.join(_lines(each))}"
            for key, each in value.items()
            if each not in ("", [], {})
        ]
    if isinstance(value, list):
        return [
            line for each in value for line in (["; ".join(_lines(each))] if isinstance(each, dict) else _lines(each))
        ]
    return [str(value)]


def _terminal(view: dict[str, Any], color: bool, width: int) -> str:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from advisor.present.terminal import to_text

    def draw(console: Console) -> None:
        def block(heading: str, lines: list[str], style: str = "") -> None:
            console.print()
            console.print(Text(heading, style="bold cyan"))
            for line in lines:
                console.print(Padding(Text(line, style=style), (0, 0, 0, 2)))

        console.print(Text.assemble((view["id"], "bold"), "  ", (view["title"], "bold")))
        console.print(Text(f"{view['room']}, section {view['section']}", style="dim"))
        for label, lines in view["fields"]:
            block(label, lines)
        for heading in ("composes", "migrations"):
            if view[heading]:
                block(
                    {"composes": "Composes with", "migrations": "Migrates to"}[heading],
                    [f"{k}: {v}" for k, v in view[heading].items()],
                )
        for name, title, text in view["readings"]:
            block(f"Reading: {title} ({name})", [text])
        if view["sources"]:
            block("Sources", [text for _, text in view["sources"]], "dim")
        for heading, groups in (("Names", view["names"]), ("Named by", view["named_by"])):
            if groups:
                block(
                    heading,
                    [f"{kind}: {', '.join(name for name, _ in found)}" for kind, found in groups.items()],
                )

    return to_text(draw, color=color, width=width)
