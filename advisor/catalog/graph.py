"""The knowledge as a graph (networkx), and that graph as Mermaid, DOT, GraphML or JSON."""

from __future__ import annotations

import json
from typing import Literal

import networkx as nx

from advisor.catalog.load import Catalog
from advisor.catalog.relations import relations

GraphFormat = Literal["mermaid", "dot", "graphml", "json"]


def graph(catalog: Catalog) -> nx.MultiDiGraph[str]:
    """Entries as nodes `room/id` (room, id, title), relations as edges (kind)."""
    made: nx.MultiDiGraph[str] = nx.MultiDiGraph(knowledge_version=catalog.version)
    for room, name, entry in catalog.entries():
        made.add_node(f"{room}/{name}", room=room, id=name, title=entry.title)
    for each in relations(catalog):
        room = next(r for r in each.target_rooms if each.target in catalog.room(r))
        source, target = f"{each.room}/{each.source}", f"{room}/{each.target}"
        if not made.has_edge(source, target, key=each.kind):
            made.add_edge(source, target, key=each.kind, kind=each.kind)
    return made


def written(catalog: Catalog, format: GraphFormat) -> str:
    """The graph in one of the four formats, nodes and edges in the order of rooms and files."""
    made = graph(catalog)
    if format == "json":
        return json.dumps(nx.node_link_data(made, edges="edges"), indent=1, ensure_ascii=False) + "\n"
    if format == "graphml":
        return "\n".join(nx.generate_graphml(made)) + "\n"
    return _dot(made) if format == "dot" else _mermaid(made)


def _dot(made: nx.MultiDiGraph[str]) -> str:
    lines = ["digraph knowledge {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [
        f"  {_quoted(n)} [label={_quoted(_label(d))}, group={_quoted(d['room'])}];" for n, d in made.nodes(data=True)
    ]
    lines += [f"  {_quoted(a)} -> {_quoted(b)} [label={_quoted(kind)}];" for a, b, kind in made.edges(keys=True)]
    return "\n".join([*lines, "}"]) + "\n"


def _mermaid(made: nx.MultiDiGraph[str]) -> str:
    number = {node: f"n{at}" for at, node in enumerate(made)}
    lines = ["flowchart LR"]
    for room in dict.fromkeys(data["room"] for _, data in made.nodes(data=True)):
        lines.append(f"  subgraph {room}")
        for node, data in made.nodes(data=True):
            if data["room"] == room:
                label = _label(data).replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;")
                lines.append(f'    {number[node]}["{label}"]')
        lines.append("  end")
    lines += [f"  {number[a]} -->|{kind}| {number[b]}" for a, b, kind in made.edges(keys=True)]
    return "\n".join(lines) + "\n"


def _label(data: dict[str, str]) -> str:
    return f"{data['id']}: {data['title']}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
