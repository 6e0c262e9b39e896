"""The Jinja environment over `reports/`: autoescaped for HTML, with filters that make user text safe in Markdown."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from advisor.catalog.files import data_room
from advisor.errors import printable
from advisor.present import words

_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&]|^[-+#])")


def md(value: object) -> str:
    """Text as Markdown text: one line, every character that Markdown could read as markup escaped."""
    return _MARKDOWN.sub(r"\\\1", printable(" ".join(str(value).split())))


@cache
def environment() -> Environment:
    """One environment for all templates; an undefined name in a template is an error."""
    made = Environment(
        loader=FileSystemLoader(data_room("reports")),
        autoescape=lambda name: bool(name) and ".html" in str(name),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["md"] = md
    made.filters["printable"] = printable
    made.globals["words"] = words
    return made


def stylesheet() -> Markup:
    """The style sheet that every page carries inline."""
    return Markup((data_room("reports") / "style.css").read_text(encoding="utf-8"))
