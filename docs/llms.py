"""Writes llms.txt (llmstxt.org): the documentation's contents for agents, each page with its first sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PLACES = {"../llms.txt": "docs/", "site/llms.txt": "_sources/"}
"""Each file, and where pages lie seen from it; a site keeps them as Markdown beside its HTML."""
_CONTENTS = re.compile(r"```\{toctree\}\n((?::.*\n)*)\n([^`]*)```")
_NO_PROSE = re.compile(r"^(```|<!--)[\s\S]*?(```|-->)$|^[#|!<>-].*$", re.M)
Read = Callable[[str], str]


def documents(made: Mapping[str, str]) -> dict[str, str]:
    """The file for the repository and the one for the site.

    Args:
        made: The generated pages as they will be; others are read from docs/.
    """

    def read(page: str) -> str:
        return made.get(f"{page}.md") or (DOCS / f"{page}.md").read_text(encoding="utf-8")

    return {name: _document(read, folder) for name, folder in PLACES.items()}


def _document(read: Read, folder: str) -> str:
    """The index's parts in its order."""
    index = read("index")
    title, summary = re.findall(r"\S.*(?:\n.+)*", index)[:2]
    lines = [title, "", f"> {_plain(summary)}", ""]
    for options, pages in _CONTENTS.findall(index):
        lines += [f"## {options.partition(':caption: ')[2].strip()}", ""]
        lines += [_item(page, read(page), folder) for page in _with_inner(pages.split(), read)]
        lines.append("")
    return "\n".join(lines)


def _with_inner(pages: list[str], read: Read) -> Iterator[str]:
    """The pages, each followed by those of its own contents."""
    for page in pages:
        yield page
        for _, inner in _CONTENTS.findall(read(page)):
            yield from (f"{page.rpartition('/')[0]}/{each}" for each in inner.split())


def _item(page: str, text: str, folder: str) -> str:
    """A page as a line: its heading, and the first sentence of its opening that does not say how it is made."""
    heading, _, rest = text.partition("\n")
    opening = _NO_PROSE.sub("", rest.partition("\n## ")[0]).split("\n\n")
    said = (each for part in opening for each in re.split(r"(?<=\.) ", _plain(part)))
    first = islice((each for each in said if each.endswith(".") and "`make " not in each), 1)
    return ": ".join([f"- [{heading.lstrip('# ')}]({folder}{page}.md)", *first])


def _plain(text: str) -> str:
    return " ".join(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).split())
