"""Draws the composition: concerns, patterns, the boundary at each LLM-to-action seam, and the control planes."""

from __future__ import annotations

from html import escape
from textwrap import wrap

from advisor.catalog.files import data_room
from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import PLANES, Concern
from advisor.errors import printable
from advisor.present.words import PLANE_TITLES, STATUS_WORDS, composition
from advisor.selection.record import DecisionRecord

CONCERNS: tuple[tuple[Concern, str], ...] = (
    ("Coordination", "How does work split and combine?"),
    ("State", "How does the system remember?"),
    ("Control", "Who decides what runs, and when to stop?"),
)
_WIDTH, _COLUMN, _GAP = 960, 304, 24


def chosen_patterns(record: DecisionRecord) -> list[str]:
    """Ids of the chosen patterns, by concern: coordination, state, control."""
    spine = [record.spine] if record.spine in {"P3", "P5"} else []
    return [*record.coordination, *spine, *record.control]


def svg(record: DecisionRecord, catalog: Catalog | None = None) -> str:
    """The diagram as one SVG element that stands alone, light and dark, with a title and a description."""
    catalog = catalog or shipped()
    chosen = chosen_patterns(record)
    body: list[str] = []
    y = _columns(body, record, catalog, chosen)
    y = _seams(body, catalog, chosen, y + 36)
    y = _planes(body, record, y + 36)
    about = f"{composition(record.decision)}. Control planes: {_planes_in_words(record)}."
    return _drawing(f"Composition of {record.title}", about, body, y)


def seam_svg(pattern: str, catalog: Catalog | None = None) -> str:
    """One pattern's boundary as an SVG element that stands alone: proposer, verifier, commit and reject."""
    catalog = catalog or shipped()
    body: list[str] = []
    height = _seams(body, catalog, [pattern], 20)
    boundary = catalog.patterns[pattern].boundary
    about = (
        f"Proposer: {boundary.proposer}. Verifier: {boundary.verifier}. Commit: {boundary.commit}. "
        f"Reject: {boundary.reject}."
    )
    return _drawing(f"The boundary in {pattern}", about, body, height + 8)


def _drawing(title: str, about: str, body: list[str], height: float) -> str:
    style = (data_room("reports") / "diagram.css").read_text(encoding="utf-8")
    return (
        f'<svg class="d" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-labelledby="d-title d-desc"><title id="d-title">{escape(printable(title))}</title>'
        f'<desc id="d-desc">{escape(about)}</desc><style>{style}</style>'
        '<defs><marker id="d-tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>' + "".join(body) + "</svg>"
    )


def _columns(body: list[str], record: DecisionRecord, catalog: Catalog, chosen: list[str]) -> int:
    for column, (concern, question) in enumerate(CONCERNS):
        x = column * (_COLUMN + _GAP)
        mark = " (dominant)" if record.dominant_concern == concern else ""
        body.append(_text(x, 20, concern + mark, "head") + _text(x, 40, question, "soft"))
        entries = [p for p in catalog.patterns.values() if p.concern == concern and p.status == "current"]
        for row, pattern in enumerate(sorted(entries, key=lambda p: p.id)):
            on = pattern.id in chosen
            top = 56 + row * 68
            note = "chosen" if on else _why_off(record, pattern.id)
            body.append(_card(x, top, _COLUMN, 56, on))
            body.append(_text(x + 14, top + 24, f"{pattern.id}  {pattern.title}", "id" if on else "off-text"))
            body.append(_text(x + 14, top + 44, note, "soft"))
    return 56 + 2 * 68


def _why_off(record: DecisionRecord, pattern: str) -> str:
    if record.why_not.get(pattern, "").startswith("Not decided"):
        return "not decided yet"
    return "the other side of the cost question" if pattern in record.spine_alternatives else "not chosen"


def _seams(body: list[str], catalog: Catalog, chosen: list[str], top: int) -> int:
    body.append(_text(0, top, "The stochastic-deterministic boundary at each seam", "head"))
    if not chosen:
        body.append(_text(0, top + 24, "No pattern is chosen: every write is the caller's own.", "soft"))
        return top + 32
    y = top + 16
    width, arrow = 216, 24
    for name in chosen:
        boundary = catalog.patterns[name].boundary
        parts = (
            ("proposer (stochastic)", boundary.proposer),
            ("verifier", boundary.verifier),
            ("commit", boundary.commit),
            ("reject", boundary.reject),
        )
        lines = [wrap(text, 28) for _, text in parts]
        height = 34 + 16 * max(map(len, lines))
        body.append(_text(0, y + height / 2 + 5, name, "id"))
        for at, ((part, _), texts) in enumerate(zip(parts, lines, strict=True)):
            x = 32 + at * (width + arrow) - (16 if at == 3 else 0)
            wide = width - 6
            body.append(f'<rect class="box" x="{x}" y="{y}" width="{wide}" height="{height}" rx="6"/>')
            body.append(_text(x + 10, y + 18, part, "part"))
            body += [_text(x + 10, y + 36 + 16 * i, line, "soft") for i, line in enumerate(texts)]
            if at < 2:
                body.append(_arrow(x + wide, y + height / 2, x + wide + arrow + 6, y + height / 2))
        # The reject goes from the verifier over the commit, and its answer back to the proposer.
        verifier, reject, proposer = 32 + width + arrow + 105, 32 + 3 * (width + arrow) + 89, 32 + 105
        body.append(
            f'<path class="arrow" marker-end="url(#d-tip)" d="M{verifier} {y + height} v10 H{reject} v-10"/>'
            f'<path class="arrow" stroke-dasharray="3 3" marker-end="url(#d-tip)" '
            f'd="M{reject + 20} {y + height} v18 H{proposer} v-18"/>'
        )
        y += height + 30
    return y - 8


def _planes(body: list[str], record: DecisionRecord, top: int) -> int:
    body.append(_text(0, top, "Control planes", "head"))
    width = (_WIDTH - 3 * _GAP) / 4
    for at, plane in enumerate(PLANES):
        each, x = record.planes[plane], at * (width + _GAP)
        on = each.status in {"v1", "deferred"}
        until = f" until {each.until}" if each.until else ""
        body.append(_card(x, top + 14, width, 52, on))
        body.append(_text(x + 12, top + 36, PLANE_TITLES[plane].capitalize(), "id" if on else "off-text"))
        tone = "warn" if each.status in {"deferred", "undetermined"} else "soft"
        body.append(_text(x + 12, top + 56, STATUS_WORDS[each.status] + until, tone))
    return top + 76


def _planes_in_words(record: DecisionRecord) -> str:
    return ", ".join(f"{PLANE_TITLES[p]} {STATUS_WORDS[record.planes[p].status]}" for p in PLANES)


def _card(x: float, y: float, width: float, height: float, on: bool) -> str:
    kind = "on" if on else "off"
    return f'<rect class="{kind}" x="{x + 1:g}" y="{y:g}" width="{width - 2:g}" height="{height:g}" rx="6"/>'


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(words)}</text>'


def _arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<path class="arrow" marker-end="url(#d-tip)" d="M{x1:g} {y1:g} L{x2:g} {y2:g}"/>'


def mermaid(record: DecisionRecord, catalog: Catalog | None = None) -> str:
    """The diagram as a Mermaid flow chart; all text comes from the catalog, none from the user."""
    catalog = catalog or shipped()
    chosen = chosen_patterns(record)
    out = ["flowchart LR"]
    for concern, question in CONCERNS:
        out.append(f'  subgraph {concern}["{concern}: {question}"]')
        for pattern in sorted(catalog.patterns.values(), key=lambda p: p.id):
            if pattern.concern == concern and pattern.status == "current":
                out.append(
                    f'    {pattern.id}["{pattern.id} {pattern.title}"]:::{"on" if pattern.id in chosen else "off"}'
                )
        out.append("  end")
    for name in chosen:
        out += [
            f'  subgraph seam{name}["Boundary in {name}"]',
            f"    {name}p([proposer]) --> {name}v{{verifier}} --> {name}c[(commit)]",
            f"    {name}v -. reject .-> {name}p",
            "  end",
            f"  {name} --- seam{name}",
        ]
    if "P6" in chosen:
        for plane in PLANES:
            status = record.planes[plane].status
            kind = "on" if status == "v1" else "off"
            out.append(f'  P6 --- {plane}["{PLANE_TITLES[plane]}: {STATUS_WORDS[status]}"]:::{kind}')
    out += ["  classDef on stroke-width:3px", "  classDef off stroke-dasharray:4 4,opacity:0.6"]
    return "\n".join(out) + "\n"
