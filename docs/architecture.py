"""The picture of the house: rooms from the import contract, their sentences, and every import that the code has."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from html import escape
from pathlib import Path
from textwrap import wrap

import grimp

ROOT = Path(__file__).resolve().parent.parent
_WIDE, _BOX, _GAP = 520, 54, 12


def layers() -> list[list[str]]:
    """Rooms from the top floor down, as the contract that `make contracts` checks has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(each for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    return [[room.strip("() ").removeprefix("advisor.") for room in floor.split("|")] for floor in contract["layers"]]


def sentence(room: str) -> str:
    """The first line of a room, which says what it is for."""
    path = ROOT / "advisor" / room / "__init__.py"
    tree = ast.parse((path if path.exists() else path.parent.with_suffix(".py")).read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").splitlines()[0]


@cache
def arrows() -> list[tuple[str, str]]:
    """Each pair of rooms of which the first imports the second, straight from the code."""
    rooms = [room for floor in layers() for room in floor]
    graph = grimp.build_graph("advisor", cache_dir=None)
    found = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            pair = tuple(name.split(".")[1] if "." in name else "" for name in (importer, imported))
            if pair[0] != pair[1] and set(pair) <= set(rooms):
                found.add((pair[0], pair[1]))
    return sorted(found, key=lambda pair: (rooms.index(pair[0]), rooms.index(pair[1])))


def picture() -> str:
    """The rooms as floors, and a line down from each with a dot at every room that it imports, as one SVG."""
    rooms = [room for floor in layers() for room in floor]
    rows = {room: 28 + at * (_BOX + _GAP) for at, room in enumerate(rooms)}
    lanes = {room: _WIDE + 30 + at * 37 for at, room in enumerate(rooms)}
    body: list[str] = []
    for floor in layers():
        if len(floor) > 1:
            top, bottom = rows[floor[0]], rows[floor[-1]] + _BOX
            body.append(f'<path class="floor" d="M8 {top} H2 V{bottom} H8"/>')
    for room, y in rows.items():
        body.append(f'<rect x="12" y="{y}" width="{_WIDE - 12}" height="{_BOX}" rx="6"/>')
        body.append(f'<text class="id" x="24" y="{y + 19}">{room}</text>')
        for line, words in enumerate(wrap(sentence(room), 84)[:2]):
            body.append(f'<text x="24" y="{y + 34 + 14 * line}">{escape(words)}</text>')
    for room in rooms:
        x, own, below = lanes[room], rows[room] + _BOX / 2, [b for a, b in arrows() if a == room]
        body.append(f'<text class="lane" x="{x}" y="{own - 9:g}">{room}</text>')
        if below:
            body.append(f'<path d="M{x} {own:g} V{max(rows[each] for each in below) + _BOX / 2:g}"/>')
        body.append(f'<circle class="own" cx="{x}" cy="{own:g}" r="4.5"/>')
        body += [f'<circle cx="{x}" cy="{rows[each] + _BOX / 2:g}" r="4.5"/>' for each in below]
    style = (
        "text{font:11.5px ui-sans-serif,system-ui,sans-serif;fill:#333}.id{font-weight:700;font-size:13px}"
        "rect{fill:#f5f3ee;stroke:#8a8577}path{fill:none;stroke:#9aa5bd}.floor{stroke:#8a8577}circle{fill:#3f5482}"
        ".own{fill:#fff;stroke:#3f5482;stroke-width:1.5}.lane{font-size:10.5px;fill:#3f5482;text-anchor:middle}"
        "@media (prefers-color-scheme:dark){text{fill:#ddd}rect{fill:#26262a;stroke:#77746a}path{stroke:#55607a}"
        "circle{fill:#a9bbe4}.own{fill:#18181b;stroke:#a9bbe4}.lane{fill:#a9bbe4}}"
    )
    said = "; ".join(f"{a} imports {b}" for a, b in arrows())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(lanes.values()) + 30} '
        f'{max(rows.values()) + _BOX + 12}" role="img" aria-labelledby="t d"><title id="t">The rooms of advisor and '
        f'their imports</title><desc id="d">{escape(said)}</desc><style>{style}</style>{"".join(body)}</svg>\n'
    )


def table() -> str:
    """The rooms with their sentences and what each imports, for readers of text."""
    lines = ["| room | what it is for | imports |", "| --- | --- | --- |"]
    for room in (room for floor in layers() for room in floor):
        lines.append(f"| `{room}` | {sentence(room)} | {', '.join(b for a, b in arrows() if a == room) or 'nothing'} |")
    return "\n".join(lines)
