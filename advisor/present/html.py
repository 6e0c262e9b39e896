"""A record as one self-contained HTML page: no network, no script, light and dark, for the screen and for A4."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from advisor.catalog.load import shipped
from advisor.present import diagram, words
from advisor.present.templates import environment, stylesheet
from advisor.selection.record import DecisionRecord
from advisor.selection.to_watch import to_watch


def render(records: Sequence[DecisionRecord]) -> str:
    """One record as a page; several as one page with a comparison table first."""
    catalog = shipped()
    views = [
        {
            "record": record,
            "composition": words.composition(record.decision),
            # Built by diagram.py, which escapes every word that came from a user.
            "svg": Markup(_prefixed(diagram.svg(record, catalog), number)),
            "flips": words.grouped_flips([f for f in record.flips if f.from_ != "unknown"]),
            "watched": to_watch(record, catalog),
            "anchor": f"r{number}",
        }
        for number, record in enumerate(records, 1)
    ]
    return environment().get_template("record.html.j2").render(views=views, catalog=catalog, style=stylesheet())


def _prefixed(svg: str, number: int) -> str:
    """Ids of an inlined drawing made unique on the page."""
    for name in ("d-title", "d-desc", "d-tip"):
        svg = svg.replace(name, f"{name}-{number}")
    return svg
